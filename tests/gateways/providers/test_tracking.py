from urllib.parse import unquote, urlsplit

import pytest

from gateways.providers.links import Link, read_token
from gateways.providers.tracking import LONGEST_TARGET, with_pixel, with_tracked_links
from tests.gateways.providers.canaries import MESSAGE_ID, PUBLIC_URL


def token_of(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def tracked(html: str) -> tuple[str, list[str]]:
    """The document with `#` for each link of ours, and where each leads on to."""
    pieces = with_tracked_links(html, PUBLIC_URL, MESSAGE_ID).split(f"{PUBLIC_URL}/callbacks/")
    targets = []
    for number, piece in enumerate(pieces[1:], start=1):
        length = next((at for at, sign in enumerate(piece) if sign in "\"' >\n"), len(piece))
        named = read_token(Link.CLICKED, token_of(piece[:length]))
        assert named is not None
        assert named[0] == MESSAGE_ID
        targets.append(named[1])
        pieces[number] = "#" + piece[length:]
    return "".join(pieces), targets


@pytest.mark.parametrize(
    ("html", "left", "target"),
    [
        ('<a href="https://a.example/x">x</a>', '<a href="#">x</a>', "https://a.example/x"),
        ("<A  HREF = 'http://a.example'  >", "<A  HREF = '#'  >", "http://a.example"),
        ("<a class=b href=https://a.example/?q=1>", "<a class=b href=#>", "https://a.example/?q=1"),
        (
            '<a title="href=1"\n href="https://a.example/?a=1&amp;b=2">',
            '<a title="href=1"\n href="#">',
            "https://a.example/?a=1&b=2",
        ),
        (
            '<p>ß\r\n</p><a data-href="https://b.example" href="https://a.example">',
            '<p>ß\r\n</p><a data-href="https://b.example" href="#">',
            "https://a.example",
        ),
        ('<a href="HTTPS://a.example/é">', '<a href="#">', "HTTPS://a.example/é"),
        ('<a href=" https://a.example ">', '<a href="#">', "https://a.example"),
    ],
)
def test_the_target_of_a_link_is_replaced_in_its_place(html, left, target):
    assert tracked(html) == (left, [target])


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:help@amazing.co">',
        '<a href="tel:+4915100000">',
        '<a href="#part"><a name="part"><a href=""><a href>',
        '<a href="/relative"><a href="https:///nowhere"><a href="https://[broken">',
        '<a href="javascript:alert(1)">',
        '<a href="https://amazing.co/unsubscribe?u=1"><a href="https://amazing.co/opt-out">',
        f'<a href="{PUBLIC_URL}/callbacks/clicked/x">',
        f'<a href="https://amazing.co/{"x" * LONGEST_TARGET}">',
        '<link href="https://a.example/style.css"><img src="https://a.example/x.png">',
        '<!-- <a href="https://a.example"> --><script>"<a href=https://a.example>"</script>',
        '<style>a{background:url(https://a.example)}</style><a href="https://a.example',
        "https://a.example",
        "",
        "<",
        "<a",
        "<img alt='<a href=https://a.example>'><title><a href=https://a.example></title>",
        "<![CDATA[ <a href='https://a.example'>",
    ],
)
def test_all_else_stays_as_it_is(html):
    assert with_tracked_links(html, PUBLIC_URL, MESSAGE_ID) == html


def test_a_broken_document_keeps_every_other_sign():
    html = '<table><tr><td>1 < 2 && 3 > 2 &copy<a href="https://a.example">x<b></a></td>\x00</p>'

    assert tracked(html) == (html.replace("https://a.example", "#"), ["https://a.example"])


@pytest.mark.parametrize(
    ("html", "before", "after"),
    [
        ("<html><body><p>x</p></body></html>", "<html><body><p>x</p>", "</body></html>"),
        ("<p>x\n</p>\n</BODY >\n", "<p>x\n</p>\n", "</BODY >\n"),
        ("<p>x</p>", "<p>x</p>", ""),
        ("<!-- </body> --><p>x", "<!-- </body> --><p>x", ""),
    ],
)
def test_the_pixel_stands_at_the_end_of_the_body(html, before, after):
    page = with_pixel(html, PUBLIC_URL, MESSAGE_ID)

    assert page.startswith(before + '<img src="')
    assert page.endswith('" width="1" height="1" alt="">' + after)
    source = page[len(before) :].split('"')[1]
    assert read_token(Link.OPENED, token_of(source)) == (MESSAGE_ID, "")


@pytest.mark.parametrize(
    "filler", ["<a ", "<", "<a href='", "<!--", "<a x=\"'", "</body", "<title>"]
)
def test_a_hostile_document_of_any_length_is_got_through(filler):
    html = filler * 200_000

    assert with_tracked_links(html, PUBLIC_URL, MESSAGE_ID) == html
    assert with_pixel(html, PUBLIC_URL, MESSAGE_ID).startswith(html)
