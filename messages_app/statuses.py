"""What a status does to a message: the one table, as a pure function.

accepted < delivered < opened < clicked. rejected and failed end a message but yield to a later
delivered; complained and unsubscribed stand beside the ladder.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Status

RUNG = {Status.ACCEPTED: 1, Status.DELIVERED: 2, Status.OPENED: 3, Status.CLICKED: 4}
ENDS = frozenset({Status.REJECTED, Status.FAILED})
BESIDE = frozenset({Status.COMPLAINED, Status.UNSUBSCRIBED})
ABOVE_THE_LADDER = max(RUNG.values()) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What learning a status changes: the message's status from now on, and whether to tell it."""

    status: str
    is_reported: bool


def telling_order(status: Status) -> int:
    """Lower rungs are told first when several statuses are learnt together."""
    return RUNG.get(status, ABOVE_THE_LADDER)


def learn(seen: Collection[str], current: str, new: Status) -> Step | None:
    """The step that `new` makes, given all statuses seen and the current one; None for a repeat."""
    if new in seen:
        return None
    if new in BESIDE:
        return Step(status=current, is_reported=True)
    climbed = max((RUNG[Status(status)] for status in seen if status in RUNG), default=0)
    if new in ENDS:
        return _end(current, new, was_delivered=climbed >= RUNG[Status.DELIVERED])
    if RUNG[new] < climbed or (current in ENDS and new == Status.ACCEPTED):
        return Step(status=current, is_reported=False)
    return Step(status=new, is_reported=True)


def _end(current: str, new: Status, *, was_delivered: bool) -> Step:
    """The first end counts; a delivered message can still fail (a late bounce), not be refused."""
    if current in ENDS or (new == Status.REJECTED and was_delivered):
        return Step(status=current, is_reported=False)
    return Step(status=new, is_reported=True)
