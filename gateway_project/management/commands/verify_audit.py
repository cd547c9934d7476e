"""Walks along the audit's chain and says whether everything stands there as it was written."""

import json
import os
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console

from gateway_project.lib.clock import database_now
from gateway_project.operations.progress import row_progress
from gateways.audit_chain.standing import conclude
from gateways.audit_chain.verifying import Walk
from gateways.models import AuditEntry

ACTOR = "verify_audit"
HELP = """\
Finds entries that were changed, taken out, put in, moved or cut off, and names the first. Reads
everything, changes nothing, and adds one entry of its own. The exit code is 1 where something is
not as it was written.

That the end was not cut off can only be told from a digest that was kept elsewhere: keep what this
command prints, or have it written with --anchor, and give it back with --expect."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect",
            metavar="DIGEST",
            action="append",
            default=[],
            help="a head of the chain that was kept; may be given several times",
        )
        parser.add_argument(
            "--anchor", metavar="FILE", help="write the head of the chain there, as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=cast("IO[str]", self.stdout._out), soft_wrap=True, highlight=False)
        walk = Walk({digest.strip().lower() for digest in options["expect"]})
        with row_progress(console, AuditEntry.objects.count()) as advance:
            for looked_at in walk.steps():
                advance(looked_at)
        _show(console, walk)
        self._write_down(console, walk)
        if not walk.is_whole:
            more = f" {walk.faults:,} faults in all." if walk.faults > 1 else ""
            raise CommandError(f"{walk.first}{more}")
        if options["anchor"]:
            _write_anchor(options["anchor"], walk)
        console.print("The audit is whole.")

    def _write_down(self, console: Console, walk: Walk) -> None:
        try:
            conclude(walk, ACTOR)
        except DatabaseError:
            console.print("This is not written down: the database cannot be written to.")


def _show(console: Console, walk: Walk) -> None:
    console.print(f"entries  {walk.count:,}")
    console.print(f"head     {walk.head or 'none'}")
    if walk.waits_since:
        since = f"{walk.waits_since:%Y-%m-%d %H:%M:%S} UTC"
        console.print(f"waiting  {walk.waiting:,} to be sealed by the scheduler, since {since}")
    for digest, number in walk.met.items():
        console.print(f"expected {digest} stands at number {number:,}")


def _write_anchor(path: str, walk: Walk) -> None:
    told = {"entries": walk.count, "head": walk.head, "at": database_now().isoformat()}
    draft = Path(f"{path}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(told) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
