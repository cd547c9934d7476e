"""Rows of text as CSV that a spreadsheet opens and does not obey."""

import csv
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A line for each row, as it comes."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: object) -> str:
    """Its text; behind an apostrophe where a spreadsheet would take it for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class _Echo:
    """A file that answers what is written to it."""

    def write(self, line: str) -> str:
        return line
