"""When a provider is asked what became of a message. Pure: values in, a moment out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_project.lib.vocabulary import Status
from gateways.receipts import LONGEST_HOURS, Receipts
from messages_app.models import State

HOUR = 3600.0
LOOKED_FOR = timedelta(hours=72)
MOMENTS: Sequence[float] = (
    *(30, 60, 120, 300, 600, 1800),
    *(HOUR, 3 * HOUR),
    *(hours * HOUR for hours in range(6, 73, 6)),
    *(hours * HOUR for hours in range(96, LONGEST_HOURS, 24)),
)
"""Seconds after a provider took a message."""
SELDOM: Sequence[float] = (HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR)
"""The same once it is delivered: it may still be opened and clicked."""

GIVE_UP = timedelta(days=7)
"""A provider that gives no answer is asked on until then, so that a long break loses nothing."""

IS_DELIVERED = frozenset({Status.DELIVERED, Status.OPENED})
IS_OVER = frozenset({State.FAILED, State.REJECTED})


@dataclass(frozen=True, slots=True)
class Asking:
    """For how long a label wants its messages asked about: the last time when that is over."""

    length: timedelta = LOOKED_FOR

    @property
    def given_up_after(self) -> timedelta:
        """Where the provider gives no answer."""
        return max(GIVE_UP, self.length)

    def next(
        self, taken_at: datetime, now: datetime, *, state: str, status: str
    ) -> datetime | None:
        """When a message is asked about again after an answer; None where nothing more is
        expected."""
        if state in IS_OVER or status == Status.CLICKED:
            return None
        age = (now - taken_at).total_seconds()
        moments = SELDOM if status in IS_DELIVERED else self._moments
        later = next((moment for moment in moments if moment > age), None)
        return None if later is None else taken_at + timedelta(seconds=later)

    def again(self, taken_at: datetime, now: datetime, wait: float) -> datetime | None:
        """When it is asked again after a question that was not answered."""
        is_given_up = now - taken_at >= self.given_up_after
        return None if is_given_up else now + timedelta(seconds=wait)

    @property
    def _moments(self) -> Sequence[float]:
        last = self.length.total_seconds()
        return (*(moment for moment in MOMENTS if moment < last), last)


def asking_of(receipts: Receipts) -> Asking:
    """Until its receipt is missed, where it is."""
    return Asking(receipts.time) if receipts.report else Asking()


def first_ask(taken_at: datetime) -> datetime:
    return taken_at + timedelta(seconds=MOMENTS[0])
