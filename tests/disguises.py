"""What addresses, numbers and secrets look like in texts of others: written in another way, and
encoded once or twice."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from hypothesis import note
from hypothesis import strategies as st

Disguise = Callable[[str], str]


def _digits_of(zero: int) -> Disguise:
    return lambda value: "".join(
        chr(zero + int(sign)) if sign in "0123456789" else sign for sign in value
    )


def _each(shape: str) -> Disguise:
    """Every sign by the number of its character."""
    return lambda value: "".join(shape.format(ord(sign)) for sign in value)


def _each_byte(shape: str) -> Disguise:
    return lambda value: "".join(shape.format(byte) for byte in value.encode())


def _base64_over_lines(value: str) -> str:
    told = f'{{"to": "{value}", "text": "{"long " * 20}"}}'
    return base64.encodebytes(told.encode()).decode()


WRITINGS: dict[str, Disguise] = {
    "as it is": str,
    "upper case": str.upper,
    "the other case": str.swapcase,
    "backwards": lambda value: value[::-1],
    "full-width": lambda value: "".join(
        chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in value
    ),
    "invisible signs inside": "\u200b".join,
    "zero bytes inside": "\0".join,
    "lost signs inside": "\N{REPLACEMENT CHARACTER}".join,
    "split by spaces": " ".join,
    "split by commas": ",".join,
    "a list of its signs": lambda value: str(list(value)),
}
"""Of whatever value."""

OF_A_NUMBER: dict[str, Disguise] = {
    "00 in front": lambda number: "00" + number[1:],
    "nothing in front": lambda number: number[1:],
    "national": lambda number: "0" + number[3:],
    "dotted": lambda number: ".".join(re.findall("..?", number)),
    "dashed": lambda number: "-".join(re.findall("...?", number)),
    "bracketed": lambda number: f"({number[:3]}) {number[3:6]}/{number[6:]}",
    "with its trunk zero": lambda number: f"{number[:3]} (0) {number[3:6]} {number[6:]}",
    "in letters": lambda number: f"x{number[1:]}x",
    "Arabic digits": _digits_of(0x660),
    "Devanagari digits": _digits_of(0x966),
}

OF_AN_ADDRESS: dict[str, Disguise] = {
    "at": lambda address: address.replace("@", " at "),
    "(at) and dot": lambda address: address.replace("@", " (at) ").replace(".", " dot "),
    "[at]": lambda address: address.replace("@", "[AT]"),
    "gaps at its sign": lambda address: address.replace("@", " @ "),
    "local part alone": lambda address: address.rpartition("@")[0],
    "bracketed": lambda address: f"<{address}>",
}

ENCODINGS: dict[str, Disguise] = {
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded throughout": _each_byte("%{:02x}"),
    "percent-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
    "a form's": quote_plus,
    "HTML-escaped": html.escape,
    "HTML entities": lambda value: value.replace("@", "&commat;").replace("+", "&plus;"),
    "numbered entities": _each("&#{};"),
    "hexadecimal entities": _each("&#x{:x};"),
    "a JSON string": lambda value: json.dumps(value)[1:-1],
    "JSON escapes": _each("\\u{:04x}"),
    "JSON escapes of its signs": lambda value: re.sub(
        r"\W", lambda sign: f"\\u{ord(sign[0]):04x}", value
    ),
    "braced escapes": _each("\\u{{{:x}}}"),
    "long escapes": _each("\\U{:08x}"),
    "byte escapes": _each_byte("\\x{:02x}"),
    "octal escapes": lambda value: re.sub(
        r"[^\w\s]", lambda sign: f"\\{ord(sign[0]):03o}" if sign[0].isascii() else sign[0], value
    ),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "base64 of two bytes a sign": lambda value: base64.b64encode(
        value.encode("utf-16-le")
    ).decode(),
    "base64 of a text around it": lambda value: base64.b64encode(
        f"To: {value}; id 1".encode()
    ).decode(),
    "base64 over lines": _base64_over_lines,
    "base64 in a path": lambda value: "/cb/" + base64.b64encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "spaced hex": lambda value: value.encode().hex(" "),
    "quoted-printable": _each_byte("={:02X}"),
    "quoted-printable of its signs": lambda value: quopri.encodestring(
        value.encode(), quotetabs=True
    ).decode(),
    "a soft line break": lambda value: value[:9] + "=\n" + value[9:],
}
"""Of whatever text; one may be put over another."""

ANY = WRITINGS | ENCODINGS
SPLIT = ("split by spaces", "split by commas", "a list of its signs")
"""What only addresses and numbers are known in: a secret is looked for in one piece."""

# Not below seven signs: in base64 that is the shortest text which is looked into.
LOCAL_PARTS = st.from_regex(r"[a-z][a-z0-9]{6,12}([._+-][a-z0-9]{3,8})?", fullmatch=True)
DOMAINS = st.from_regex(r"[a-z]{3,10}\.(com|example|co\.uk)", fullmatch=True)
EMAILS = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS)
PHONES = st.from_regex(r"\+[1-9][0-9]{9,13}", fullmatch=True)
SURROUNDINGS = st.text(st.characters(categories=("L", "P", "Zs")), max_size=40)


ODD = {
    *("full-width", "invisible signs inside", "zero bytes inside", "lost signs inside"),
    *("local part alone", "Arabic digits", "Devanagari digits"),
}
"""Writings that are hard to read as they are; they are worn below one usual encoding at most."""
USUAL = ("percent-encoded", "JSON escapes", "base64")


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """An address or a number, and what it looks like under one writing and up to two encodings."""
    value = draw(EMAILS | PHONES)
    writings = WRITINGS | (OF_AN_ADDRESS if "@" in value else OF_A_NUMBER)
    writing = draw(st.sampled_from(list(writings)))
    is_odd = writing in ODD
    worn = writings[writing](value)
    encodings = st.sampled_from(USUAL if is_odd else list(ENCODINGS))
    for name in draw(st.lists(encodings, max_size=1 if is_odd else 2)):
        worn = ENCODINGS[name](worn)
        note(name)
    note(writing)
    return value, worn
