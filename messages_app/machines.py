"""Whether a person or a machine looked: scanners open mails and follow links as they arrive. Pure.

Judged by the clock where the provider does not say: within a second of the delivery, or of the
acceptance as long as no delivery is known. An open counts as one on e-mail only: a chat that is
just open on a telephone is read at once. Links are fetched for a preview on every channel.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_project.lib.vocabulary import Channel, Status
from messages_app.statuses import Step, learn

AT_ONCE = timedelta(seconds=1)
ARRIVALS = (Status.DELIVERED, Status.ACCEPTED)
"""What the look is measured from: the first that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A status that was learnt about a message."""

    status: str
    occurred_at: datetime | None
    """None where only the status itself is still known."""
    is_machine: bool
    is_reported: bool


def looks_like_a_machine(
    status: Status, occurred_at: datetime, channel: str, known: Iterable[Known]
) -> bool:
    """Whether this open or click came too soon for a person."""
    is_look = status == Status.CLICKED or (status == Status.OPENED and channel == Channel.EMAIL)
    if not is_look:
        return False
    times = {each.status: each.occurred_at for each in known if each.occurred_at}
    arrived_at = next((times[each] for each in ARRIVALS if each in times), None)
    return arrived_at is not None and abs(occurred_at - arrived_at) <= AT_ONCE


def step_of(
    status: Status, current: str, known: Iterable[Known], *, is_machine: bool, is_told: bool
) -> Step | None:
    """What learning this status changes; None for a repeat.

    A machine's look is kept beside a person's. Where machines are not told of, it counts for
    nothing else: the person's look that comes later is learnt as if it were the first.
    """
    known = list(known)
    counted = {each.status for each in known if each.is_reported or not each.is_machine}
    looks = {each.is_machine for each in known if each.status == status}
    if not is_machine and looks == {True}:
        return learn(counted, current, status) or Step(status=current, is_reported=False)
    if looks:
        return None
    if is_machine and not is_told:
        return Step(status=current, is_reported=False)
    return learn(counted, current, status)
