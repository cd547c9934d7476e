"""When a provider is asked what became of a message. Pure: values in, a moment out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway_project.lib.vocabulary import Status
from messages_app.models import State

HOUR = 3600.0
LOOKED_FOR = 72 * HOUR
MOMENTS: Sequence[float] = (
    *(30, 60, 120, 300, 600, 1800),
    *(HOUR, 3 * HOUR),
    *(hours * HOUR for hours in range(6, 73, 6)),
)
"""Seconds after a provider took a message."""
SELDOM: Sequence[float] = (HOUR, 6 * HOUR, 24 * HOUR, LOOKED_FOR)
"""The same once it is delivered: it may still be opened and clicked."""

GIVE_UP = timedelta(days=7)
"""A provider that gives no answer is asked on until then, so that a long break loses nothing."""

IS_DELIVERED = frozenset({Status.DELIVERED, Status.OPENED})
IS_OVER = frozenset({State.FAILED, State.REJECTED})


def first_ask(taken_at: datetime) -> datetime:
    return taken_at + timedelta(seconds=MOMENTS[0])


def next_ask(taken_at: datetime, now: datetime, *, state: str, status: str) -> datetime | None:
    """When a message is asked about again after an answer; None where nothing more is expected."""
    if state in IS_OVER or status == Status.CLICKED:
        return None
    moments = SELDOM if status in IS_DELIVERED else MOMENTS
    age = (now - taken_at).total_seconds()
    later = next((moment for moment in moments if moment > age), None)
    return None if later is None else taken_at + timedelta(seconds=later)


def ask_again(taken_at: datetime, now: datetime, wait: float) -> datetime | None:
    """When it is asked again after a question that was not answered."""
    return now + timedelta(seconds=wait) if now - taken_at < GIVE_UP else None
