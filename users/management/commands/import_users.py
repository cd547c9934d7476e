"""Fills a label's user directory from a file."""

import csv
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from gateways.models import Label
from users.importing import Outcome, RowResult, import_rows
from users.management.progress import progress
from users.reading import READERS, BadFile, Lines

STDIN = "-"
FORMATS = {".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
SHOWN_LINES = 20

HELP = """\
Creates and changes a label's users as a file says; nobody is deleted.

CSV:    a header and one user a line, separated by commas, semicolons or tabs. The columns
        ext_user_id, brand, email and phone are the user's, any other one is a property.
        An empty cell keeps what is stored; with --empty-clears it clears it.
NDJSON: on every line {"ext_user_id", "brand", "email", "phone", "properties": {...}}.
        What is left out is kept, null clears, properties are merged.

The text is UTF-8. A user is unique by label and ext_user_id; of several lines about one user,
the last one stands. Lines that cannot be used are told by number and reason, never quoted, the
rest is imported, and the exit code is 1. A phone that is not a number is kept, but not called.
Importing the same file again changes nothing."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--label", required=True, help="the label's slug")
        parser.add_argument("--format", choices=READERS, help="if the file's name does not say")
        parser.add_argument("--empty-clears", action="store_true", help="CSV: empty cells clear")
        parser.add_argument("--errors", metavar="FILE", help="write line,reason of bad lines there")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, only tell")

    def handle(self, *, file: str, label: str, **options: Any) -> None:
        read = READERS[options["format"] or _format_of(file)]
        label_id = _label_id(label)
        console = Console(file=cast("IO[str]", self.stdout._out), soft_wrap=True)
        tally = _Tally(console)
        with ExitStack() as stack:
            source, size = _source(file)
            lines = Lines(stack.enter_context(source))
            if options["errors"]:
                report = _open(options["errors"], "w", newline="", encoding="utf-8")
                tally.write_errors(stack.enter_context(report))
            advance = stack.enter_context(progress(console, size))
            rows = read(lines, empty_clears=options["empty_clears"])
            try:
                for line, result in import_rows(
                    label_id, rows, started_at=timezone.now(), dry_run=options["dry_run"]
                ):
                    tally.count(line, result)
                    advance(lines.bytes_read, line)
            except BadFile as error:
                raise CommandError(f"Nothing was imported: {error}.") from None
        tally.show(dry_run=options["dry_run"])
        if tally.bad:
            raise CommandError(f"Lines not imported: {tally.bad:,}.")


class _Tally:
    """What became of the lines, and the first of the bad ones on the screen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._outcomes: Counter[Outcome] = Counter()
        self._notes: Counter[str] = Counter()
        self._errors: Any = None

    @property
    def bad(self) -> int:
        return self._outcomes[Outcome.BAD]

    def write_errors(self, file: IO[str]) -> None:
        self._errors = csv.writer(file)
        self._errors.writerow(["line", "reason"])

    def count(self, line: int, result: RowResult) -> None:
        self._outcomes[result.outcome] += 1
        self._notes.update(result.notes)
        if result.outcome != Outcome.BAD:
            return
        if self._errors:
            self._errors.writerow([line, result.reason])
        elif self.bad <= SHOWN_LINES:
            self._console.print(f"line {line}: {result.reason}", highlight=False, markup=False)

    def show(self, *, dry_run: bool) -> None:
        if self.bad > SHOWN_LINES and not self._errors:
            self._console.print("More bad lines are not shown; --errors FILE lists all.")
        table = Table("users", title="Dry run: nothing was written" if dry_run else None)
        table.add_column("lines", justify="right")
        for outcome in Outcome:
            table.add_row(outcome.value, f"{self._outcomes[outcome]:,}")
        for note, lines in sorted(self._notes.items()):
            table.add_row(f"note: {note}", f"{lines:,}")
        self._console.print(table)


def _format_of(file: str) -> str:
    suffix = Path(file).suffix.lower()
    if suffix not in FORMATS:
        raise CommandError("The file's name does not say what it is: give --format.")
    return FORMATS[suffix]


def _label_id(slug: str) -> int:
    try:
        return int(Label.objects.get(slug=slug).pk)
    except Label.DoesNotExist:
        raise CommandError("There is no such label.") from None


def _source(file: str) -> tuple[AbstractContextManager[IO[bytes]], int | None]:
    """The stream, and its length where that is known."""
    if file == STDIN:
        return nullcontext(sys.stdin.buffer), None
    stream = _open(file, "rb")
    return stream, os.fstat(stream.fileno()).st_size


def _open(file: str, mode: str, **how: Any) -> IO[Any]:
    try:
        return Path(file).open(mode, **how)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from None
