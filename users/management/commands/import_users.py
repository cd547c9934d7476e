"""Fills a label's user directory from a file."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import AbstractContextManager, ExitStack, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from gateway_project.lib.alone import AlreadyAtWork, alone
from gateway_project.lib.spreadsheets import as_csv
from users.importing import Outcome
from users.imports.beginning import NotResumable, Order, begin, digest_of, resume
from users.imports.models import ImportProblem, ImportRun
from users.imports.running import Overtaken, Running, problems, refuse
from users.management.choosing import label_named
from users.management.progress import progress
from users.reading import READERS, BadFile, format_of

STDIN = "-"
SHOWN_LINES = 20
AT_WORK = "Another process is importing into this label: wait until it has ended."

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
Importing the same file again changes nothing. It may be broken off or killed at any time, and
with --resume it goes on with the line that is next. docs/import.md tells more."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--label", required=True, help="the label's slug")
        parser.add_argument("--format", choices=READERS, help="if the file's name does not say")
        parser.add_argument("--empty-clears", action="store_true", help="CSV: empty cells clear")
        parser.add_argument("--errors", metavar="FILE", help="write the bad lines there, as CSV")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, only tell")
        parser.add_argument("--resume", action="store_true", help="go on where it was broken off")

    def handle(self, *, file: str, label: str, **options: Any) -> None:
        file_format = options["format"] or format_of(file)
        if file_format is None:
            raise CommandError("The file's name does not say what it is: give --format.")
        label_id = label_named(label).pk
        console = Console(file=cast("IO[str]", self.stdout._out), soft_wrap=True)
        with ExitStack() as stack:
            stream = stack.enter_context(_source(file))
            errors = options["errors"] and stack.enter_context(_new(options["errors"]))
            order = Order(
                label_id=label_id,
                file_name=Path(file).name,
                format=file_format,
                empty_clears=options["empty_clears"],
                dry_run=options["dry_run"],
                **_identity(stream),
            )
            run = _import(console, order, stream, resuming=options["resume"])
            if errors:
                errors.writelines(as_csv(problems(run)))
        _show(console, run, has_errors_file=bool(errors))
        if run.bad:
            raise CommandError(f"Lines not imported: {run.bad:,}.")


def _import(console: Console, order: Order, stream: IO[bytes], *, resuming: bool) -> ImportRun:
    """The whole run, to its end. Raises CommandError, saying how to go on."""
    try:
        with alone(f"import-{order.label_id}"):
            run = resume(order) if resuming else begin(order)
            if resuming:
                console.print(f"Going on after line {run.line:,}.", highlight=False)
            return _work(console, run, stream)
    except AlreadyAtWork:
        raise CommandError(AT_WORK) from None
    except NotResumable as problem:
        raise CommandError(f"Nothing was imported: {problem}.") from None
    except Overtaken:
        raise CommandError("Another process has gone on with this import.") from None


def _work(console: Console, run: ImportRun, stream: IO[bytes]) -> ImportRun:
    running = Running(run, stream)
    try:
        with progress(console, run.size) as advance:
            while running.step():
                advance(running.run.bytes_read, running.run.line)
    except BadFile as problem:
        refuse(run, problem)
        raise CommandError(f"Nothing was imported: {problem}.") from None
    except KeyboardInterrupt:
        line = running.run.line
        raise CommandError(f"Broken off after line {line:,}: --resume goes on there.") from None
    return running.run


def _show(console: Console, run: ImportRun, *, has_errors_file: bool) -> None:
    if not has_errors_file:
        _show_problems(console, run)
    table = Table("users", title="Dry run: nothing was written" if run.dry_run else None)
    table.add_column("lines", justify="right")
    for outcome in Outcome:
        table.add_row(outcome.value, f"{getattr(run, outcome.value):,}")
    for note, lines in sorted(run.notes.items()):
        table.add_row(f"note: {note}", f"{lines:,}")
    console.print(table)


def _show_problems(console: Console, run: ImportRun) -> None:
    shown = ImportProblem.objects.filter(run=run).order_by("line")[:SHOWN_LINES]
    for problem in shown:
        line = f"line {problem.line}: {problem.reason}"
        console.print(line, highlight=False, markup=False)
    if run.bad > SHOWN_LINES:
        console.print("More bad lines are not shown; --errors FILE lists all.")


def _identity(stream: BufferedReader) -> dict[str, Any]:
    """By what the file is known again, and its length, where it is a file."""
    if not stream.seekable():
        return {}
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return {"digest": digest_of(stream), "size": size}


def _source(file: str) -> AbstractContextManager[BufferedReader]:
    if file == STDIN:
        return nullcontext(cast("BufferedReader", sys.stdin.buffer))
    stream: BufferedReader = _open(file, "rb")
    return stream


def _new(file: str) -> AbstractContextManager[IO[str]]:
    stream: IO[str] = _open(file, "w", newline="", encoding="utf-8")
    return stream


def _open(file: str, mode: str, **how: Any) -> Any:
    try:
        return Path(file).open(mode, **how)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from None
