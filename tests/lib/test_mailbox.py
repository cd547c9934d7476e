import pytest

from gateway_project.lib.mailbox import Mailbox, parse_address, parse_mailbox


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("jo@example.com", "", "jo@example.com"),
        ("<jo@example.com>", "", "jo@example.com"),
        ("Jo <jo@example.com>", "Jo", "jo@example.com"),
        ("  Jo Doe  <Jo@Example.COM> ", "Jo Doe", "Jo@example.com"),
        ('"Doe, Jo" <jo@example.com>', "Doe, Jo", "jo@example.com"),
        (r'"Jo \"J\" Doe" <jo@example.com>', 'Jo "J" Doe', "jo@example.com"),
        ("Jürgen <jo@straße.example>", "Jürgen", "jo@xn--strae-oqa.example"),
    ],
)
def test_one_well_formed_mailbox_is_read(text, name, address):
    assert parse_mailbox(text) == Mailbox(name=name, address=address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Jo",
        "Jo <jo@example.com",
        "Jo <jo@example.com> al@example.com",
        "jo@example.com, al@example.com",
        "Doe, Jo <jo@example.com>",
        "Jo <al@example.com> <jo@example.com>",
        "team: jo@example.com;",
        "jo@example.com (Jo)",
        "Jo\r\nBcc: al@example.com <jo@example.com>",
        "Jo\u2028 <jo@example.com>",
        "Jo\x0b<jo@example.com>",
        "Jo\x85<jo@example.com>",
        "Jo <jo@example.com>\n",
        "n" * 320 + " <jo@example.com>",
    ],
)
def test_anything_else_is_refused_without_echo(text):
    with pytest.raises(ValueError, match=r"^not (one|a) well-formed (mailbox|address)$"):
        parse_mailbox(text)


@pytest.mark.parametrize(
    "text", [" jo@example.com", "jo@example.com\n", "jo@192.0.2.1", "jo@exam_ple.com", "jo@-a.com"]
)
def test_an_address_is_refused_without_echo(text):
    with pytest.raises(ValueError, match=r"^not a well-formed address$"):
        parse_address(text)
