"""Tracking in an HTML body: the links in it rewritten, a pixel put at its end.

Only the values of `href` are replaced, in place; every other character of the document stays as it
was, however broken it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urlsplit

from django import forms

from gateways.providers.groups import ConfigForm
from gateways.providers.links import Link, url_of

LONGEST_TARGET = 1500
"""A longer target would make a link that mail programs cut; it is left as it is."""
OPENING = re.compile(r"<(?P<name>!--|[!?]|/?[a-z][^\s/>]*+)", re.IGNORECASE)
NAME, BARE = r"[^\s/>=<\"']++", r"[^\s>\"'<]++"
ATTRIBUTES = re.compile(rf"(?:[\s/]++|{NAME}(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|{BARE})?+)?+)*+")
ATTRIBUTE = re.compile(
    rf"(?P<name>{NAME})"
    rf"(?:\s*+=\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>{BARE}))?+)?+"
)
RAW_TEXT_END = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}
"""Elements whose content holds no tags, and how they end."""
OPTS_OUT = re.compile(r"unsub|opt[-_]?out|/callbacks/", re.IGNORECASE)
"""Ways out, and links of our own: whoever leaves is not counted as a click."""


class TrackingOptions(ConfigForm):
    """The switches of an e-mail provider's Config for links and a pixel of our own."""

    track_opens = forms.BooleanField(
        required=False,
        label="Track opens",
        help_text="Puts a picture of one pixel at the end of HTML mails: who loads it has opened "
        "the mail. Mail programs that load pictures by themselves, or never, distort the figure. "
        "The mail becomes some 200 characters longer.",
    )
    track_clicks = forms.BooleanField(
        required=False,
        label="Track clicks",
        help_text="Lets the links of HTML mails lead by this gateway, which records the click "
        "and sends the reader on. Links for unsubscribing stay as they are. Each link becomes "
        "some 180 characters longer: Gmail hides what is beyond 102 kB of a mail.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a link's target is written: from `start` to `end`; `target` without entities."""

    start: int
    end: int
    target: str


def with_pixel(html: str, public_url: str, message_id: str) -> str:
    """The document with a picture that is fetched when it is opened."""
    source = escape(url_of(public_url, Link.OPENED, message_id))
    pixel = f'<img src="{source}" width="1" height="1" alt="">'
    end = _end_of_body(html)
    return html[:end] + pixel + html[end:]


def with_tracked_links(html: str, public_url: str, message_id: str) -> str:
    """The document with its http and https links leading by the gateway."""

    def tracked(target: str) -> str:
        return url_of(public_url, Link.CLICKED, message_id, target)

    return "".join(_pieces(html, _hrefs(html), tracked))


def _pieces(html: str, places: Iterator[Place], tracked: Callable[[str], str]) -> Iterator[str]:
    end = 0
    for place in places:
        if _is_counted(place.target):
            yield html[end : place.start]
            yield tracked(place.target)
            end = place.end
    yield html[end:]


def _is_counted(target: str) -> bool:
    if len(target) > LONGEST_TARGET or OPTS_OUT.search(target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    is_plain = target.isprintable() and " " not in target
    return is_plain and parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag: its name in lower case, and its attributes from `start` to `end`."""

    name: str
    start: int
    end: int


def _hrefs(html: str) -> Iterator[Place]:
    """The first `href` of every link: browsers heed no second one."""
    for tag in _tags(html):
        if tag.name != "a":
            continue
        for match in ATTRIBUTE.finditer(html, tag.start, tag.end):
            if match["name"].lower() == "href":
                yield from _place(match)
                break


def _place(match: re.Match[str]) -> Iterator[Place]:
    for value in ("double", "single", "bare"):
        if match[value] is not None:
            start, end = match.span(value)
            yield Place(start=start, end=end, target=unescape(match[value]).strip())


def _end_of_body(html: str) -> int:
    ends = [tag.start - len("</body") for tag in _tags(html) if tag.name == "/body"]
    return ends[-1] if ends else len(html)


def _tags(html: str) -> Iterator[Tag]:
    """The tags that are none of a comment's, a script's or an attribute's.

    Every sign is looked at once, whatever is left open: the time grows with the length alone.
    """
    at = 0
    while opening := OPENING.search(html, at):
        name = opening["name"].lower()
        if name == "!--":
            at = _after(html, "-->", opening.end())
        elif name in ("!", "?"):
            at = _after(html, ">", opening.end())
        else:
            attributes = ATTRIBUTES.match(html, opening.end())
            at = attributes.end() if attributes else opening.end()
            if html.startswith(">", at):
                yield Tag(name=name, start=opening.end(), end=at)
                at = _after_raw_text(html, name, at)


def _after(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


def _after_raw_text(html: str, name: str, start: int) -> int:
    """Where tags are read again after this one."""
    end = RAW_TEXT_END[name].search(html, start) if name in RAW_TEXT_END else None
    if end is not None:
        return end.start()
    return len(html) if name in RAW_TEXT_END else start
