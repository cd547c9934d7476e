"""Circuits: whether messages may pass through a gateway, and what its calls make of that. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

FAILURES_TO_OPEN = 5
"""In a row: fewer are a hiccup, of which the single message's next try takes care."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
"""Of a provider that does not answer, and of one that asks for peace: who asks for more is asked
again by then."""


class Circuit(Enum):
    """Whether messages may pass."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    """One message may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a row says; at its defaults all is well."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    is_probing: bool = False
    openings: int = 0
    not_before: datetime | None = None

    def circuit(self, now: datetime) -> Circuit:
        if self.is_held(now):
            return Circuit.OPEN
        if self.opened_at is None:
            return Circuit.CLOSED
        is_due = self.retry_at is not None and self.retry_at <= now
        return Circuit.HALF_OPEN if is_due else Circuit.OPEN

    def is_held(self, now: datetime) -> bool:
        """Whether its provider has asked for no calls now."""
        return self.not_before is not None and self.not_before > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What calls at one gateway came to. `rest` is for how many seconds its provider has asked for
    no more of them. `reason` is scrubbed."""

    gateway_id: int
    failures: int = 0
    successes: int = 0
    rest: float = 0.0
    reason: str = ""


def after(standing: Standing, calls: Calls, now: datetime) -> Standing:
    """The standing after these calls. Pure.

    Any success closes it, but ends no rest that was asked for. What was in the air when it opened
    fails without a further word; a probe that fails opens it anew, each time for twice as long.
    """
    rests = replace(standing, not_before=_not_before(standing, calls, now))
    if calls.successes:
        return Standing(not_before=rests.not_before)
    if not calls.failures:
        return rests
    total = standing.failures + calls.failures
    is_open = standing.opened_at is not None
    if (is_open and not standing.is_probing) or (not is_open and total < FAILURES_TO_OPEN):
        return replace(rests, failures=total)
    return Standing(
        failures=total,
        opened_at=standing.opened_at or now,
        retry_at=now + pause(standing.openings),
        openings=standing.openings + 1,
        not_before=rests.not_before,
    )


def _not_before(standing: Standing, calls: Calls, now: datetime) -> datetime | None:
    """The later of what was asked for and what is asked for now; None where both are over."""
    known = standing.not_before if standing.is_held(now) else None
    if not calls.rest:
        return known
    asked = now + min(timedelta(seconds=calls.rest), LONGEST_PAUSE)
    return max(known, asked) if known else asked


def pause(openings: int) -> timedelta:
    """How long nothing is sent after so many openings in a row."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(openings, 10)
    return min(doubled, LONGEST_PAUSE)
