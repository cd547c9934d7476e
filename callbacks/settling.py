"""What becomes of a callback delivery after a try that Smartico did not acknowledge."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from callbacks.answers import Outcome, Verdict
from callbacks.models import CallbackDelivery, Settlement
from gateway_project.lib.schedules import delay

MINUTE, HOUR = 60, 3600
SCHEDULE = (
    *(1, 5, 30),
    *(2 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(1 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR),
)
"""Seconds from each try to the next: 75 hours in all."""
GRACE = timedelta(minutes=10)
"""How long Smartico may say that it does not know the message: our answer is on its way to it."""
GRACE_TRIES = 5
"""How often it may say so, as often as there is time for in it. What could be told only later has
them all the same: one odd answer is not to end what has waited out a fault."""


def settle(row: CallbackDelivery, verdict: Verdict, now: datetime) -> None:
    """Lets go of the lease and sets when to try again, or ends the row."""
    row.lease = row.lease_until = None
    DECISIONS[verdict.outcome](row, verdict, now)


def hold_back(rows: Iterable[CallbackDelivery], now: datetime) -> list[CallbackDelivery]:
    """Lets later statuses of a message sleep while an earlier one waits; answers those it moved.

    `rows` are owed, in the order of their ids. That order is kept without this; it spares the
    claims from looking again and again at rows that are due and may not go.
    """
    held_until: dict[UUID, datetime] = {}
    moved: list[CallbackDelivery] = []
    for row in rows:
        until = held_until.get(row.message_id, now)
        if row.lease is None and row.due_at < until:
            row.due_at = until
            moved.append(row)
        held_until[row.message_id] = max(until, row.may_be_passed_at)
    return moved


def _fail(row: CallbackDelivery, verdict: Verdict, now: datetime) -> None:
    row.first_failed_at = row.first_failed_at or now
    _try_again(row, verdict, now)


def _wait_for_the_message(row: CallbackDelivery, verdict: Verdict, now: datetime) -> None:
    """No failure of the endpoint, so it lets no later status past."""
    row.times_not_found += 1
    if now - row.created_at < GRACE or row.times_not_found <= GRACE_TRIES:
        _try_again(row, verdict, now)
    else:
        row.attempts += 1
        row.settlement, row.settled_at = Settlement.MISMATCH, now


def _wait_for_a_person(row: CallbackDelivery, verdict: Verdict, now: datetime) -> None:
    """The label's callbacks are suspended: the try does not count against this one."""
    row.due_at = now + timedelta(seconds=SCHEDULE[0])


def _try_again(row: CallbackDelivery, verdict: Verdict, now: datetime) -> None:
    row.attempts += 1
    wait = delay(SCHEDULE, row.attempts)
    if wait is None:
        row.settlement, row.settled_at = Settlement.DEAD, now
    else:
        row.due_at = now + timedelta(seconds=max(wait, verdict.retry_after or 0.0))


DECISIONS: Mapping[Outcome, Callable[[CallbackDelivery, Verdict, datetime], None]] = {
    Outcome.NOT_FOUND: _wait_for_the_message,
    Outcome.REFUSED: _fail,
    Outcome.FAILED: _fail,
    Outcome.UNAUTHORISED: _wait_for_a_person,
}
