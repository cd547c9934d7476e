"""The views of a text: as it stands, and with the encodings taken off that an address may wear.

A character of a view knows which part of the original it stands for, so that what is found in any
view can be cut out of the original.
"""

import base64
import binascii
import html
import quopri
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LAYERS = 2
INVISIBLE = ("Cf", "Cc")
LOST = "\N{REPLACEMENT CHARACTER}"
"""What stands where a sign could not be read or stored."""
BYTE = re.compile(r"[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
SLASHES = r"(?<!\\)\\++"
"""However many there are, from the first: what begins at any would take time by their square."""
TEXT_RUN = re.compile(rb"(?:[\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3}){5,}")


@dataclass(frozen=True, slots=True)
class View:
    """A reading of the original; `spans` holds for each character where it came from."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        covered = self.spans[start:end]
        return min(span[0] for span in covered), max(span[1] for span in covered)

    def without(self, disguise: "Disguise") -> "View | None":
        """The view with that disguise taken off wherever it is worn; None where it is not."""
        text: list[str] = []
        spans: list[tuple[int, int]] = []
        end = 0
        for match in disguise.worn.finditer(self.text):
            plain = disguise.take_off(match[0])
            if plain is None:
                continue
            text.append(self.text[end : match.start()] + plain)
            spans.extend(self.spans[end : match.start()])
            spans.extend([self.span(*match.span())] * len(plain))
            end = match.end()
        if not end:
            return None
        return View("".join(text) + self.text[end:], (*spans, *self.spans[end:]))


@dataclass(frozen=True, slots=True)
class Disguise:
    worn: re.Pattern[str]
    take_off: Callable[[str], str | None]


def _from_base64(token: str) -> str | None:
    letters = re.sub(r"\s", "", token).translate(str.maketrans("-_", "+/")).rstrip("=")
    # It may begin inside the token, behind letters that mean something else.
    parts = (letters[skipped:] for skipped in range(4))
    whole = (part[:-1] if len(part) % 4 == 1 else part for part in parts)
    return _readable(b"\n".join(base64.b64decode(part + "===") for part in whole))


def _from_hex(token: str) -> str | None:
    digits = re.sub(r"[^0-9A-Fa-f]", "", token)
    return _readable(binascii.unhexlify(digits[: len(digits) // 2 * 2]))


def is_readable(data: bytes) -> bool:
    """Whether there is any stretch of text in it."""
    return _readable(data) is not None


def _readable(data: bytes) -> str | None:
    """The stretches of text in it, of one byte a character or of two, if there are any."""
    runs = TEXT_RUN.findall(data)
    if b"\0" in data:
        runs += TEXT_RUN.findall(data.replace(b"\0", b""))
    return "\n".join(run.decode("utf-8", "replace") for run in runs) or None


def _from_bytes(token: str) -> str:
    """What the two hexadecimal digits behind each sign mean together."""
    return bytes.fromhex("".join(BYTE.findall(token))).decode("utf-8", "replace")


def _from_code_point(token: str) -> str | None:
    number = int(re.sub(r"[^0-9A-Fa-f]", "", token), 16)
    return chr(number) if number <= sys.maxunicode else None


def _folded(character: str) -> str | None:
    """Digits of any script and letters of any width in plain form, the invisible as nothing."""
    if character == LOST or unicodedata.category(character) in INVISIBLE:
        return ""
    decimal = unicodedata.decimal(character, None)
    folded = unicodedata.normalize("NFKC", character) if decimal is None else str(decimal)
    return folded if folded != character else None


FOLDS = Disguise(re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\U0010ffff]"), _folded)
DISGUISES = (
    # One sign may be encoded again and again: %40, %2540, %252540.
    Disguise(
        re.compile(r"%(?:25)*[0-7][0-9A-Fa-f]|(?:%(?:25)*[89A-Fa-f][0-9A-Fa-f])+"), _from_bytes
    ),
    Disguise(re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-zA-Z]{2,8});"), html.unescape),
    Disguise(
        re.compile(
            SLASHES
            + r"(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{4})?|u\{[0-9A-Fa-f]{1,6}\})"
        ),
        _from_code_point,
    ),
    Disguise(re.compile(rf"(?:{SLASHES}[xX][0-9A-Fa-f]{{2}})+"), _from_bytes),
    Disguise(re.compile(SLASHES + r"[0-3][0-7]{2}"), lambda token: chr(int(token.lstrip("\\"), 8))),
    Disguise(re.compile(SLASHES + r"[nrt]"), lambda token: "\n"),
    Disguise(
        re.compile(r"=[0-7][0-9A-F]|(?:=[89A-F][0-9A-F](?:=\r?\n)*)+|=\r?\n"),
        lambda token: quopri.decodestring(token.encode()).decode("utf-8", "replace"),
    ),
    Disguise(re.compile(r"[A-Za-z0-9+/_-]{10,}+(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}"), _from_base64),
    Disguise(re.compile(r"[0-9A-Fa-f]{2}(?:[:\s+,-]?[0-9A-Fa-f]{2}){4,}"), _from_hex),
)


def views(text: str) -> Iterator[View]:
    """The text as it stands, and with its disguises taken off; each forwards and backwards."""
    for view in plainer_views(text):
        yield view
        yield View(view.text[::-1], view.spans[::-1])


def plainer_views(text: str) -> Iterator[View]:
    """The text as it stands, and without up to two layers of disguise; each also with its signs
    folded into plain ones."""
    layer = [View(text, tuple((position, position + 1) for position in range(len(text))))]
    seen = set[str]()
    for _ in range(1 + LAYERS):
        folded = [view.without(FOLDS) for view in layer]
        layer = list({view.text: view for view in (*layer, *folded) if view}.values())
        layer = [view for view in layer if view.text not in seen]
        seen.update(view.text for view in layer)
        yield from layer
        taken_off = [view.without(disguise) for view in layer for disguise in DISGUISES]
        layer = [view for view in taken_off if view]
