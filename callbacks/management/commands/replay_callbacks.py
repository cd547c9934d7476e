"""Owes statuses to Smartico again."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.replaying import Choice, replay
from gateway_project.lib.vocabulary import Status
from gateways.models import Label


def moment(text: str) -> datetime:
    """An ISO 8601 date or moment; UTC unless it says otherwise."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("expected a moment such as 2026-01-31T08:00") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Owes settled statuses to Smartico again. Says how many first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", help="slug of a label")
        parser.add_argument("--message", type=UUID, help="an ext_message_id")
        parser.add_argument(
            "--status", action="append", choices=Status.values, help="may be given several times"
        )
        parser.add_argument("--since", type=moment, help="owed first at or after (ISO 8601, UTC)")
        parser.add_argument("--until", type=moment, help="owed first before")
        parser.add_argument(
            "--failed", action="store_true", help="only those that Smartico never acknowledged"
        )
        parser.add_argument("--dry-run", action="store_true", help="say how many, and no more")

    def handle(self, *args: Any, **options: Any) -> None:
        label = options["label"]
        if label and not Label.objects.filter(slug=label).exists():
            raise CommandError(f"There is no label {label!r}.")
        deliveries = Choice(
            label=label,
            message=options["message"],
            statuses=options["status"] or (),
            since=options["since"],
            until=options["until"],
            failed_only=options["failed"],
        ).deliveries()
        self.stdout.write(f"{deliveries.count()} statuses to tell again")
        if not options["dry_run"]:
            self.stdout.write(f"{replay(deliveries)} statuses are owed again")
