"""Makes labels, keys, brands, templates and gateways be as a YAML file says."""

import os
import sys
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.text import Text

from gateways.config_file.applying import apply
from gateways.config_file.changes import Change, Verb
from gateways.config_file.checking import checked
from gateways.config_file.problems import ConfigFileRefused
from gateways.config_file.reading import read

STYLES = {
    Verb.CREATED: "green",
    Verb.CHANGED: "yellow",
    Verb.DEACTIVATED: "red",
    Verb.REVOKED: "red",
}


class Command(BaseCommand):
    help = "Makes labels, keys, brands, templates and gateways be as the YAML file says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="The YAML file; - reads it from the standard input.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            labels = checked(read(_text(options["file"]), os.environ))
            changes = apply(labels, dry_run=options["dry_run"])
        except ConfigFileRefused as refused:
            raise CommandError(f"The file is not applied.\n{refused}") from None
        console = Console(file=cast(TextIO, self.stdout), highlight=False, soft_wrap=True)
        for change in changes:
            console.print(_line(change))
        console.print(_summary(len(changes), dry_run=options["dry_run"]))


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{name}: the file is not UTF-8") from None


def _line(change: Change) -> Text:
    return Text.assemble(
        (f"{change.verb:<11} ", STYLES[change.verb]),
        change.subject,
        f": {', '.join(change.fields)}" if change.fields else "",
    )


def _summary(count: int, *, dry_run: bool) -> str:
    if not count:
        return "nothing to change"
    return f"{count} to change (dry run: nothing was changed)" if dry_run else f"{count} changed"
