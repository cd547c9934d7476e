"""Removes what has grown old: bodies, then details, then tombstones."""

from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateways import configuration
from messages_app.pruning.rounds import prune_all
from messages_app.pruning.visits import VISITS
from messages_app.walking import walks


class Command(BaseCommand):
    help = (
        "Removes what is older than each label's retention says: what messages said, then their "
        "tries, statuses and callbacks, and at last the tombstones that are left. The scheduler "
        "does the same by itself. May be stopped at any time, and run beside it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", help="slug of a label")
        parser.add_argument("--dry-run", action="store_true", help="say how many, and no more")

    def handle(self, *args: Any, **options: Any) -> None:
        label = options["label"]
        slugs = {values.slug for values in configuration.current().labels.values()}
        if label is not None and label not in slugs:
            raise CommandError(f"There is no label {label!r}.")
        ahead = dict.fromkeys((visit.stage for visit in VISITS), 0)
        for walk in walks(VISITS, label):
            ahead[walk.visit.stage] += walk.ahead().count()
        for stage, count in ahead.items():
            self.stdout.write(f"{stage.label}: {count:,} messages have grown old enough")
        if not options["dry_run"]:
            done = self._prune(label, sum(ahead.values()))
            self.stdout.write(f"{done:,} rows were looked at")

    def _prune(self, label: str | None, total: int) -> int:
        console = Console(file=cast("IO[str]", self.stdout._out))
        columns = (TextColumn("pruning"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=total)
            return prune_all(label, lambda done: bar.update(task, completed=done))
