"""Requests that nobody sends: well-formed HTTP with anything in it, and bytes that are no HTTP."""

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.canaries.birds import (
    ADDRESS_AS_ID,
    API_KEY,
    PREVIEW_ADDRESS,
    SMARTICO_KEY,
    STATUS_KEY,
    address,
    telephone,
)
from tests.fuzz.house import USER

CANARIES = (
    *(address(1), telephone(1), PREVIEW_ADDRESS, ADDRESS_AS_ID),
    *(SMARTICO_KEY.spelled, API_KEY.spelled, f"https://{API_KEY.spelled}.example/cb"),
)
FIELDS = (
    *("ext_user_id", "body", "text_body", "subject", "email_uid", "im_uid", "callback_url"),
    *("from_number", "from_email_address", "reply_to_email_address", "activity_type"),
    *("to_email_address", "extension", "anything else"),
)
GOOD: dict[str, Any] = {
    "ext_user_id": USER,
    "body": "Best offer ever",
    "subject": "The best offer",
    "email_uid": "a",
    "im_uid": "a",
    "from_number": "Amazing",
    "from_email_address": "Amazing <noreply@amazing.co>",
    "extension": {"title": "Rising"},
}
CHANNELS = ("email", "sms", "viber", "whatsapp", "rcs", "custom-im", "custom-im/im")
TOKEN = "!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters
URL = string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@%/?"
VISIBLE = "".join(map(chr, range(0x20, 0x7F))) + "\t\xe4\xff"


MOST_HEADERS = 100
SERVED_IN_CHUNKS = ("chunked", "chunked", "CHUNKED", "gzip, chunked", "chunked, chunked")
REFUSED_FRAMINGS: tuple[tuple[tuple[str, str], ...], ...] = (
    *((("Transfer-Encoding", odd),) for odd in ("identity", "gzip", "chunked, gzip", "", "x")),
    (("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "identity")),
    (("Transfer-Encoding", "gzip"), ("Content-Length", "0")),
    *((("Content-Length", odd),) for odd in ("-1", "+1", "0, 0", "one", "", "0x1", "9" * 30)),
    (("Content-Length", "0"), ("Content-Length", "1")),
)
"""Which tell nobody where a body ends."""
TRAILERS = (b"", b"", b"X-A: b\r\n", b"X-A: b\r\nContent-Length: 9\r\n", b"X-A: b\r\n" * 200)
BAD_REQUEST, TOO_MANY_HEADERS = 400, 431
NO_ANSWER = 0
REQUEST_LINE = re.compile(rb"[A-Za-z-]+ /[-._~!$&'()*+,;=:@%/?0-9A-Za-z]* HTTP/1\.[01]")
HEADER_LINE = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
CHUNK_SIZE = re.compile(rb"([0-9a-f]{1,8})(?:;a=b)?\r\n")
FRAMING = {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as its bytes. `is_http`: it has to be answered; else it may be turned away.

    `refusal` is the status, without a body, by which the web server itself has to refuse it.
    """

    data: bytes
    is_http: bool
    is_head: bool = False
    refusal: int | None = None


def values() -> st.SearchStrategy[Any]:
    """What may stand in a field."""
    leaves = st.one_of(
        st.sampled_from(CANARIES),
        st.none() | st.booleans() | st.floats(allow_nan=True),
        st.integers() | st.sampled_from((2**63, -(2**63) - 1, 10**400)),
        st.text(max_size=20),
        st.sampled_from(("", "\x00", "\ud800", "a\r\nBcc: b", "{{x}}", "x" * 5_000, "\u202e", "1")),
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=8) | st.sampled_from(CANARIES), inner, max_size=4)
        ),
        max_leaves=8,
    )


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A request's JSON, changed in its members or in its bytes; or no JSON at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    changes = draw(st.dictionaries(st.sampled_from(FIELDS), values(), max_size=4))
    absent = draw(st.sets(st.sampled_from(FIELDS), max_size=2))
    members = {k: v for k, v in (GOOD | changes).items() if k not in absent}
    members["im_uid"] = members["email_uid"] = draw(st.integers(0, 10**6).map(str))
    text = json.dumps(members | changes, ensure_ascii=draw(st.booleans()))
    data = text.encode("utf-8", "surrogatepass")
    return draw(changed(data)) if draw(st.integers(0, 3)) == 0 else data


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some put in, taken out, doubled or cut off."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(start + draw(st.integers(0, 8)), len(data))
        odd = st.sampled_from((b",", b"}", b"[" * 99, b"\x00", b"\r\n", b"\xff", b" ", b"9" * 40))
        data = data[:start] + draw(odd | st.binary(max_size=6)) + data[end:]
    return data


@st.composite
def well_formed(draw: st.DrawFn, paths: st.SearchStrategy[str]) -> Sent:
    """HTTP in which everything that may be odd is odd now and then."""
    methods = st.sampled_from(
        ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post")
    )
    tokens = methods | st.text(TOKEN, min_size=1, max_size=12)
    method = draw(tokens) if draw(st.integers(0, 4)) == 0 else "POST"
    path, version = draw(paths), draw(st.sampled_from(("1.1", "1.1", "1.1", "1.0")))
    headers = [("Host", draw(st.sampled_from(("x", "127.0.0.1", "evil.example:99")))), *_key(draw)]
    headers += draw(st.lists(st.tuples(_names(), _values()), max_size=4))
    framing, body, refusal = draw(_framed(version))
    headers += [*framing, ("Connection", "close")]
    if draw(_seldom()):
        count = draw(st.integers(len(headers), MOST_HEADERS) | st.integers(MOST_HEADERS, 120))
        headers += [("X-More", "x")] * (count - len(headers))
    if len(headers) > MOST_HEADERS:
        body, refusal = b"", TOO_MANY_HEADERS
    if method == "CONNECT" and refusal is None:
        refusal = NO_ANSWER
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in headers)]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    return Sent(data, is_http=True, is_head=method == "HEAD", refusal=refusal)


@st.composite
def _framed(draw: st.DrawFn, version: str) -> tuple[Sequence[tuple[str, str]], bytes, int | None]:
    """How long the body is said to be, the body, and with what that is refused. What is refused
    has none: it would not be read, and its sender might not hear the answer."""
    if draw(_seldom()):
        return draw(st.sampled_from(REFUSED_FRAMINGS)), b"", BAD_REQUEST
    spelled = draw(st.sampled_from(SERVED_IN_CHUNKS))
    if version == "1.0" and draw(_seldom()):
        return [("Transfer-Encoding", spelled)], b"", BAD_REQUEST
    body = draw(bodies())
    if version == "1.0" or draw(st.booleans()):
        return [("Content-Length", str(len(body)))], body, None
    extension, trailers = draw(st.sampled_from(("", ";a=b"))), draw(st.sampled_from(TRAILERS))
    chunks = _chunked(body, draw(st.integers(1, 4_000)), extension)
    return [("Transfer-Encoding", spelled)], chunks[:-2] + trailers + b"\r\n", None


def _seldom() -> st.SearchStrategy[bool]:
    """Once in twenty times. (Of whole numbers the first and the last are drawn more often.)"""
    return st.integers(0, 19).map(lambda number: number == 7)


def everywhere(sent: Sent) -> list[Sent]:
    """The request as it was drawn, and the same on each send path: drawing takes its time."""
    method, _, rest = sent.data.split(b" ", 2)
    paths = [f"/api/v1/{channel}".encode() for channel in CHANNELS]
    return [sent, *(replace(sent, data=b" ".join([method, path, rest])) for path in paths)]


@st.composite
def broken(draw: st.DrawFn, paths: st.SearchStrategy[str]) -> Sent:
    """HTTP with some of its bytes changed, much of which is HTTP all the same."""
    data = draw(well_formed(paths)).data
    head, between, body = data.partition(b"\r\n\r\n")
    is_of_head = draw(st.booleans())
    data = draw(changed(head)) + between + body if is_of_head else draw(changed(data))
    return Sent(data, is_http=is_http(data), is_head=data.startswith(b"HEAD "))


def is_http(data: bytes) -> bool:
    """Whether it is a request beyond doubt, with all of its body and nothing behind it."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    found = [HEADER_LINE.fullmatch(line) for line in lines]
    headers = [(line[1].lower(), line[2].strip(b" \t")) for line in found if line]
    framing = sorted(header for header in headers if header[0] in FRAMING)
    return (
        REQUEST_LINE.fullmatch(first) is not None
        and not first.startswith(b"CONNECT ")
        and None not in found
        and len(headers) <= MOST_HEADERS
        and framing[:1] == [(b"connection", b"close")]
        and (
            framing[1:] == [(b"content-length", b"%d" % len(body))]
            or (framing[1:] == [(b"transfer-encoding", b"chunked")] and _is_whole(first, body))
        )
    )


def _is_whole(request_line: bytes, chunks: bytes) -> bool:
    """Whether the chunks end with the last one, and with no trailers."""
    while size := CHUNK_SIZE.match(chunks):
        chunk, chunks = int(size[1], 16), chunks[size.end() :]
        if chunks[chunk : chunk + 2] != b"\r\n":
            return False
        chunks = chunks[chunk + 2 :]
        if not chunk:
            return not chunks and request_line.endswith(b"1.1")
    return False


def send_paths() -> st.SearchStrategy[str]:
    """The paths of the send APIs, and others below and beside them."""
    known = st.sampled_from([f"/api/v1/{channel}" for channel in CHANNELS])
    ends = st.sampled_from(("", "", "", "/", "//", "/.", "/%00", "?a=b", "/x/../", "%20", "/%ff"))
    odd = st.text(URL, max_size=30).map(lambda rest: f"/api/v1/{rest}")
    return st.tuples(known, ends).map("".join) | odd


def callback_paths(token: str) -> st.SearchStrategy[str]:
    """The status receiver's; all of its parameters may hold anything."""
    names = ("type", "ext_message_id", "status", "api_key", "x")
    given = st.text(URL.replace("?", ""), max_size=20) | st.sampled_from(
        ("delivered", "sms", STATUS, STATUS_KEY.spelled, "%00", "%ff", "%F0%9F%98%80")
    )
    query = st.lists(st.tuples(st.sampled_from(names), given), max_size=5).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    )
    own = st.sampled_from(("/callbacks/status", f"/callbacks/status/{token}"))
    return st.tuples(own, query).map("?".join)


STATUS = "delivered%20"


def webhook_paths(token: str) -> st.SearchStrategy[str]:
    return st.text(URL, max_size=20).map(lambda query: f"/callbacks/webhooks/{token}?{query}")


def _key(draw: st.DrawFn) -> list[tuple[str, str]]:
    right = SMARTICO_KEY.spelled
    odd = st.sampled_from((right + "x", "", f"Basic {right}", "x" * 5_000)) | _values()
    key = (
        draw(odd)
        if draw(st.integers(0, 9)) == 0
        else draw(st.sampled_from(("", "Bearer "))) + right
    )
    return [("Authorization", key)]


def _names() -> st.SearchStrategy[str]:
    known = ("Content-Type", "Content-Encoding", "X-Forwarded-For", "Accept", "Cookie", "Range")
    framing = {"content-length", "transfer-encoding", "connection", "host", "upgrade", "expect"}
    odd = st.text(TOKEN, min_size=1, max_size=20)
    return (st.sampled_from(known) | odd).filter(lambda name: name.lower() not in framing)


def _values() -> st.SearchStrategy[str]:
    known = ("application/json", "text/plain; charset=utf-16", "gzip", "multipart/form-data", "*/*")
    return st.sampled_from(known + CANARIES) | st.text(VISIBLE, max_size=60)


def _chunked(data: bytes, size: int, extension: str) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    told = extension.encode()
    return b"".join(b"%x%s\r\n%s\r\n" % (len(part), told, part) for part in [*parts, b""])
