"""Seals everything anew under the first key of PII_KEYS."""

import csv
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from rich.console import Console
from rich.table import Table

from gateway_project.lib.alone import AlreadyAtWork
from gateway_project.lib.crypto import KeyRing, key_ring
from gateway_project.lib.resealing import Damage
from gateway_project.operations.progress import row_progress
from gateways.rotating import Conclusion, NotGivenUp, count_rows, give_up, rotation

BATCH = 1_000
SHOWN_DAMAGES = 20

HELP = """\
Seals anew, under the first key of PII_KEYS, what the others have sealed, while everything goes on.
It may be broken off at any time, and is then called again. At the end it says which keys may be
taken off the ring.

Before: put the new key last on the ring of every machine and restart, then first and restart.
docs/keys.md tells the whole way.

Rows that no key opens are counted and named by table and id, and the exit code is 1."""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = ()  # they refuse the start without a key that is to be given up

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=_count, default=BATCH, help="rows at a time")
        parser.add_argument("--dry-run", action="store_true", help="only count rows by key")
        parser.add_argument("--damaged", metavar="FILE", help="write table,id,column of them there")
        parser.add_argument(
            "--give-up",
            metavar="KEY_ID",
            help="start without this key, which is lost: what it sealed stays unreadable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast("IO[str]", self.stdout._out), soft_wrap=True)
        if options["give_up"]:
            self._give_up(options["give_up"])
            return
        self.check()
        if options["dry_run"]:
            _show_counts(console, key_ring())
        else:
            self._rotate(console, options["batch"], options["damaged"])

    def _give_up(self, key_id: str) -> None:
        try:
            give_up(key_id)
        except NotGivenUp as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{key_id} is given up.")

    def _rotate(self, console: Console, batch: int, damaged: str | None) -> None:
        damages = _Damages(console)
        try:
            with ExitStack() as stack:
                run = stack.enter_context(rotation(batch))
                if damaged:
                    damages.write_to(stack.enter_context(_open(damaged)))
                advance = stack.enter_context(row_progress(console, run.begin()))
                for done in run.walk():
                    damages.add(done.damages)
                    advance(done.changed)
                conclusion = run.conclude()
        except AlreadyAtWork:
            raise CommandError("Another process is rotating the keys.") from None
        except OperationalError:
            raise CommandError("The database cannot be written to now: run it again.") from None
        console.print(f"Rows sealed anew with {key_ring().current}: {run.changed:,}.")
        damages.show()
        _show_conclusion(console, conclusion)
        if damages.count:
            raise CommandError(f"Values that no key opens: {damages.count:,}.")
        if conclusion.left:
            raise CommandError("Some rows are left: run it again.")


class _Damages:
    """What no key opens: the first of them on the screen, all of them in a file."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._file: Any = None
        self.count = 0

    def write_to(self, file: IO[str]) -> None:
        self._file = csv.writer(file)
        self._file.writerow(["table", "id", "column"])

    def add(self, damages: tuple[Damage, ...]) -> None:
        for damage in damages:
            self.count += 1
            if self._file:
                self._file.writerow([damage.table, damage.row, damage.column])
            elif self.count <= SHOWN_DAMAGES:
                line = f"no key opens {damage.column} of {damage.table} {damage.row}"
                self._console.print(line, highlight=False, markup=False)

    def show(self) -> None:
        if self.count > SHOWN_DAMAGES and not self._file:
            self._console.print("More of them are not shown; --damaged FILE lists all.")


def _show_counts(console: Console, ring: KeyRing) -> None:
    counts = count_rows(ring)
    key_ids = list(next(iter(counts.values())))
    table = Table("table", title="Dry run: rows by key")
    for key_id in key_ids:
        table.add_column(f"{key_id} (first)" if key_id == ring.current else key_id, justify="right")
    for name, by_key in counts.items():
        table.add_row(name, *(f"{by_key[key_id]:,}" for key_id in key_ids))
    console.print(table)


def _show_conclusion(console: Console, conclusion: Conclusion) -> None:
    for key_id, count in conclusion.left.items():
        console.print(f"{key_id}: still needed for {count:,} rows. Keep it on the ring.")
    for key_id in conclusion.still_sealing:
        console.print(
            f"{key_id}: needed for no row, but a process has sealed with it within the last two "
            "minutes. Keep it on the ring; run this again when all are restarted with the new ring."
        )
    for key_id in conclusion.removable:
        console.print(
            f"{key_id}: needed for no row. It may be taken off the ring; keep it with your backups."
        )


def _open(path: str) -> IO[str]:
    try:
        return Path(path).open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100_000:
        raise ArgumentTypeError("from 1 to 100,000")
    return int(text)
