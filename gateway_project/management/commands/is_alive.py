"""Whether processes that answer nobody live: for a container's health check."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_project.operations.pulse import alive, missing

KINDS = ("worker", "scheduler")


class Command(BaseCommand):
    help = "Fails unless all processes of this kind, of this machine, give signs of life."
    requires_system_checks: list[str] = []  # it is asked every half minute

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=KINDS)

    def handle(self, *args: Any, **options: Any) -> None:
        kind = options["kind"]
        if not alive(kind, here=True):
            raise CommandError(f"No {kind} of this machine has given a sign of life.")
        if lacking := missing(kind, here=True):
            raise CommandError(f"{lacking} of the {kind} processes of this machine give none.")
