"""JSON as Smartico writes it: strict, but for the trailing commas of its documented examples."""

import json
import math
import re
from itertools import islice
from typing import Any

DEEPEST = 64
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
INTEGER_LENGTH = len(str(SMALLEST_INTEGER))

# A string that never ends reaches to the end of the text: no quote in it is looked at again.
STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
BRACKETS = re.compile(rf"{STRING}|[\[{{]|[\]}}]", re.DOTALL)
SIGNS = re.compile(rf"{STRING}|[\[{{,]", re.DOTALL)
TRAILING_COMMA = re.compile(
    rf'{STRING}|(?<=[\]}}"\w])[ \t\r\n]*+,(?=[ \t\r\n]*+[\]}}])', re.DOTALL | re.ASCII
)


class NotJson(ValueError):
    """A text that is refused. `str()` says why and where, and quotes nothing of it."""


def read_object(raw: bytes, *, most_signs: int | None = None) -> dict[str, Any]:
    """The JSON object of a request, in UTF-8 with or without a byte order mark.

    Refuses, as NotJson: duplicate keys, NaN and Infinity, numbers that 64 bits do not hold, more
    than 64 levels, anything that is not an object, and what has more strings, commas and opening
    brackets than `most_signs`: a few megabytes of those cost seconds and gigabytes.
    """
    value = read_value(raw, most_signs=most_signs)
    if not isinstance(value, dict):
        raise NotJson("a JSON object is expected")
    return value


def read_value(raw: bytes, *, most_signs: int | None = None) -> Any:
    """Any JSON value of a request, read as strictly."""
    text = _decoded(raw)
    if most_signs is not None:
        _check_signs(text, most_signs)
    check_depth(text)
    return _parsed(text)


def read_answer(text: str) -> Any:
    """What a peer answered, as far as it can be read; None where it cannot."""
    for reading in (str, _without_trailing_commas):
        try:
            check_depth(text)
            return json.loads(reading(text))
        except ValueError:
            continue
    return None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start
    raise NotJson(f"not UTF-8 at byte {position + 1}")


def _check_signs(text: str, most: int) -> None:
    """Long strings cost nothing, whatever is in them."""
    if sum(map(text.count, ',[{"')) <= most:
        return
    if next(islice(SIGNS.finditer(text), most, None), None) is not None:
        raise NotJson(f"more than {most:,} strings, commas and brackets")


def check_depth(text: str) -> None:
    """Raises NotJson for more than 64 levels.

    Looks before the parser does, which on some versions of Python overflows a small thread's stack.
    """
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for token in BRACKETS.finditer(text):
        mark = text[token.start()]
        depth += (mark in "[{") - (mark in "]}")
        if depth > DEEPEST:
            raise NotJson(f"nested deeper than {DEEPEST} levels at character {token.end()}")


def _parsed(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        pass
    try:
        return _DECODER.decode(_without_trailing_commas(text))
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
    raise NotJson(f"not JSON at line {line}, column {column}")


def _without_trailing_commas(text: str) -> str:
    """The text with blanks in place of trailing commas, so that positions in it stay true."""
    return TRAILING_COMMA.sub(
        lambda found: found[0] if found[0][0] == '"' else found[0].replace(",", " "), text
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson("a key is there twice in one object")
    return members


def _integer(digits: str) -> int:
    if len(digits) <= INTEGER_LENGTH and SMALLEST_INTEGER <= int(digits) <= LARGEST_INTEGER:
        return int(digits)
    raise NotJson("a whole number is out of range")


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson("a number is out of range")
    return number


def _constant(name: str) -> float:
    raise NotJson("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
