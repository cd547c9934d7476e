"""The options with which a command is told which messages, or what of them, it is about."""

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from gateways.models import Label


def moment(text: str) -> datetime:
    """An ISO 8601 date or moment; UTC unless it says otherwise."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("expected a moment such as 2026-01-31T08:00") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def add_choice(parser: CommandParser, *, statuses: Sequence[str], since: str) -> None:
    """Adds the options; `since` says what happened at or after the moment."""
    parser.add_argument("--label", help="slug of a label")
    parser.add_argument("--message", type=UUID, help="an ext_message_id")
    parser.add_argument(
        "--status", action="append", choices=statuses, help="may be given several times"
    )
    parser.add_argument("--since", type=moment, help=f"{since} at or after (ISO 8601, UTC)")
    parser.add_argument("--until", type=moment, help=f"{since} before")
    parser.add_argument("--dry-run", action="store_true", help="say how many, and no more")


def chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """The choice as it was given. Raises CommandError for a label that is not there."""
    label = options["label"]
    if label and not Label.objects.filter(slug=label).exists():
        raise CommandError(f"There is no label {label!r}.")
    return {
        "label": label,
        "message": options["message"],
        "statuses": options["status"] or (),
        "since": options["since"],
        "until": options["until"],
    }
