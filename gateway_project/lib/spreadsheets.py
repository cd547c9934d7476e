"""Rows of text as CSV that a spreadsheet opens and does not obey."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}")
UNSEEN = "CZ"
"""The categories of what a spreadsheet may drop from the beginning: controls and blanks."""


def as_csv(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A line for each row, as it comes."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: object) -> str:
    """Its text; behind an apostrophe where a spreadsheet would take it for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Also behind blanks and what is not to be seen, and in letters of another width."""
    seen = (sign for sign in text if unicodedata.category(sign)[0] not in UNSEEN)
    begins = unicodedata.normalize("NFKC", next(seen, ""))
    return text.startswith(("\t", "\r")) or begins.startswith(FORMULA)


class _Echo:
    """A file that answers what is written to it."""

    def write(self, line: str) -> str:
        return line
