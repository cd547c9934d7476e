"""Reading files of end users as a stream: CSV and NDJSON, a bad line told from its neighbours."""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import IO, Any, TypeAlias

from gateway_project.lib.lenient_json import NotJson, read_object
from users.rows import FIELDS, BadRow, UserRow, row_of

LONGEST_LINE = 128 * 1024
MOST_LINES_IN_A_RECORD = 100
DELIMITERS = (",", ";", "\t")

Read: TypeAlias = tuple[int, UserRow | BadRow]
"""The number of a line, counted from 1, and the row that begins there or what is wrong with it."""


class BadFile(ValueError):
    """A file of which nothing can be read. `str()` says why, and quotes nothing of it."""


FOREIGN = {
    b"\x1f\x8b": "it is compressed: unpack it first",
    b"PK\x03\x04": "it is a workbook or an archive: save it as CSV in UTF-8",
    b"\xff\xfe": "it is UTF-16: save it as UTF-8",
    b"\xfe\xff": "it is UTF-16: save it as UTF-8",
}
"""By their first bytes, files that are often taken for CSV, and what to do."""


class Lines(Iterator[tuple[int, bytes | None]]):
    """The numbered lines of a binary stream, without their ends; None for one that is too long.

    Raises BadFile at the first line of a file that is none of text.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.number = 0
        self.bytes_read = 0

    def __next__(self) -> tuple[int, bytes | None]:
        line = self._piece()
        if not line:
            raise StopIteration
        if self.number == 0:
            _refuse_foreign(line)
        self.number += 1
        piece = line
        while len(piece) == LONGEST_LINE and not piece.endswith(b"\n"):
            piece = self._piece()
        return self.number, line.rstrip(b"\r\n") if piece is line else None

    def pass_over(self, until: int) -> None:
        """Reads on to where the line of that number is the next, if it is still to come."""
        while self.number < until - 1 and next(self, None):
            pass

    def _piece(self) -> bytes:
        piece = self._stream.readline(LONGEST_LINE)
        self.bytes_read += len(piece)
        return piece


def read_ndjson(lines: Lines, *, empty_clears: bool = False, after: int = 0) -> Iterator[Read]:
    """One JSON object on every line, from the line `after` on; empty lines are passed over."""
    lines.pass_over(after)
    for number, line in lines:
        if line is None or line.strip():
            yield number, _checked(partial(_object, line))


def read_csv(lines: Lines, *, empty_clears: bool = False, after: int = 0) -> Iterator[Read]:
    """A header, then one record a line, or several where a quoted cell holds line ends.

    The delimiter is the one of the header. Columns that are not fields of a user are properties.
    An empty cell says nothing, or, where `empty_clears`, that there is no such value.
    It begins at the line `after`, where a record must begin. Raises BadFile where the header
    cannot be used.
    """
    delimiter, columns = _header(lines)
    lines.pass_over(after)
    for number, cells in _records(lines, delimiter, len(columns)):
        if isinstance(cells, BadRow):
            yield number, cells
        elif cells:
            yield number, _checked(partial(_record, columns, cells, empty_clears))


READERS: dict[str, Callable[..., Iterator[Read]]] = {"csv": read_csv, "ndjson": read_ndjson}
SUFFIXES = {".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def format_of(file_name: str) -> str | None:
    """By which reader the file is read; None where its name does not say."""
    return SUFFIXES.get(PurePath(file_name).suffix.lower())


def _refuse_foreign(line: bytes) -> None:
    for sign, reason in FOREIGN.items():
        if line.startswith(sign):
            raise BadFile(reason)


def _checked(record: Callable[[], Mapping[str, Any]]) -> UserRow | BadRow:
    try:
        return row_of(record())
    except BadRow as bad:
        return bad.with_traceback(None)


def _object(line: bytes | None) -> Mapping[str, Any]:
    if line is None:
        raise _too_long()
    try:
        return read_object(line)
    except NotJson as error:
        reason = str(error).replace("line 1, ", "")
    raise BadRow(reason)


def _header(lines: Lines) -> tuple[str, Sequence[str]]:
    line = next(lines, (0, b""))[1] or b""
    for delimiter in DELIMITERS:
        cells = _cells(line.removeprefix(b"\xef\xbb\xbf"), delimiter)
        columns = [] if isinstance(cells, BadRow) else [cell.strip() for cell in cells]
        if "ext_user_id" not in columns:
            continue
        if len(set(columns)) < len(columns) or "" in columns:
            raise BadFile("a column of the header has no name or that of another one")
        return delimiter, columns
    raise BadFile("the first line is no header in UTF-8 that names ext_user_id")


def _records(
    lines: Lines, delimiter: str, width: int
) -> Iterator[tuple[int, Sequence[str] | BadRow]]:
    """A quote that is never closed costs its own line only: the lines after it are read again."""
    ahead: deque[tuple[int, bytes | None]] = deque()
    while current := ahead.popleft() if ahead else next(lines, None):
        number, record = current
        if record is None:
            yield number, _too_long()
            continue
        cells, used = _cells(record, delimiter, width), 0
        while isinstance(cells, BadRow) and record.count(b'"') % 2:
            more = _peek(ahead, used, lines)
            if more is None or used == MOST_LINES_IN_A_RECORD:
                break
            record, used = record + b"\n" + more, used + 1
            cells = _cells(record, delimiter, width)
        if not isinstance(cells, BadRow):
            for _ in range(used):
                ahead.popleft()
        yield number, cells


def _peek(ahead: deque[tuple[int, bytes | None]], position: int, lines: Lines) -> bytes | None:
    """The line that many after the current one, kept to be read again; None at the end."""
    if position == len(ahead):
        ahead.extend([line] if (line := next(lines, None)) else [])
    return ahead[position][1] if position < len(ahead) else None


def _cells(record: bytes, delimiter: str, width: int | None = None) -> Sequence[str] | BadRow:
    """The cells of one record, none for an empty line."""
    try:
        text = record.decode()
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except UnicodeDecodeError:
        return BadRow("not UTF-8")
    except csv.Error:
        return BadRow("a quote is not closed or stands inside a cell")
    cells = rows[0]
    if width is not None and cells and len(cells) != width:
        return BadRow(f"{len(cells)} columns where the header has {width}")
    return cells


def _record(columns: Sequence[str], cells: Sequence[str], empty_clears: bool) -> dict[str, Any]:
    said = {
        name: cell or None
        for name, cell in zip(columns, cells, strict=True)
        if cell or empty_clears
    }
    record: dict[str, Any] = {name: said.pop(name) for name in FIELDS if name in said}
    return {**record, "properties": said}


def _too_long() -> BadRow:
    return BadRow(f"longer than {LONGEST_LINE} bytes")
