"""Looks for canaries in whatever text, in their usual disguises; tells their names only."""

import base64
import html
import quopri
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from tests.canaries.birds import BIRDS, Bird

SEPARATORS = re.compile(r"[\W_]+")
ESCAPES = re.compile(r"\\+(?:u\{?|U(?:0000)?|x)([0-9A-Fa-f]{2,4})\}?")
SPELLED_OUT = re.compile(r"\b(?:at|dot)\b", re.IGNORECASE)
OCTAL_ESCAPES = re.compile(r"\\+([0-3][0-7]{2})")
BASE64_BITS, BYTE_BITS = 6, 8


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which canary was seen, where, and what it wore. What it is is told nowhere."""

    bird: str
    place: str
    worn: str


def _unquoted(text: str) -> str:
    return unquote(unquote(unquote(text)))


def _unescaped(text: str) -> str:
    found = ESCAPES.sub(lambda token: chr(int(token[1], 16)), text)
    return OCTAL_ESCAPES.sub(lambda token: chr(int(token[1], 8)), found)


def _unprinted(text: str) -> str:
    return quopri.decodestring(text.encode(errors="replace")).decode(errors="replace")


READINGS: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "percent signs": _unquoted,
    "HTML entities": html.unescape,
    "escapes": _unescaped,
    "quoted-printable": _unprinted,
    "signs spelled out": lambda text: SPELLED_OUT.sub("", text),
    "signs of another script": lambda text: unicodedata.normalize(
        "NFKC", "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    ),
}
"""What is taken off a whole text."""


def sightings(text: str, place: str, birds: Sequence[Bird] = BIRDS) -> set[Sighting]:
    """The canaries that are in the text and not at home in that place, each once."""
    strange = [bird for bird in birds if not place.startswith(bird.at_home or "\0")]
    seen: dict[str, str] = {}
    for bird, worn in _seen(_shortened(text), strange):
        seen.setdefault(bird.name, worn)
    return {Sighting(name, place, worn) for name, worn in seen.items()}


def _seen(text: str, birds: Sequence[Bird]) -> Iterator[tuple[Bird, str]]:
    for worn, read in READINGS.items():
        reading = read(text)
        squeezed = SEPARATORS.sub("", reading).casefold()
        for bird in birds:
            core = _core(bird.spelled)
            if core in squeezed:
                yield bird, worn
            if core[::-1] in squeezed:
                yield bird, f"{worn}, backwards"
            if any(needle in squeezed for needle in _hex(bird.spelled)):
                yield bird, f"{worn}, hex"
            if any(needle in reading for needle in _base64(bird.spelled)):
                yield bird, f"{worn}, base64"


def _shortened(text: str) -> str:
    """Each line once: pages are much alike."""
    return "\n".join(dict.fromkeys(text.splitlines()))


def _core(spelled: str) -> str:
    return SEPARATORS.sub("", spelled).casefold()


@cache
def _hex(spelled: str) -> tuple[str, ...]:
    return tuple(spelled.encode(coding).hex() for coding in ("utf-8", "utf-16-le"))


@cache
def _base64(spelled: str) -> tuple[str, ...]:
    """What stands in base64 for it, wherever it begins in what was encoded."""
    return tuple(
        _inner_base64(spelled.encode(coding), before)
        for coding in ("utf-8", "utf-16-le")
        for before in range(3)
    )


def _inner_base64(data: bytes, before: int) -> str:
    """The letters that depend on nothing but the data, which `before` bytes stand in front of."""
    letters = base64.b64encode(b"\0" * before + data).decode()
    first = -(-before * BYTE_BITS // BASE64_BITS)
    return letters[first : (before + len(data)) * BYTE_BITS // BASE64_BITS]
