"""What waits longer than it should."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from callbacks.lanes import lanes_with_debts
from gateway_project.operations.doctor.ages import length
from gateway_project.operations.doctor.findings import About, Finding
from gateways import configuration
from messages_app.models import Message, State
from messages_app.sending import may_send

LATE = timedelta(minutes=1)
TOO_LATE = timedelta(minutes=10)
REMEDY = "Look at the workers' log, and start more workers."


def queues(about: About, now: datetime) -> Iterator[Finding]:
    """The oldest message that may leave and the oldest callback that may be told."""
    yield waiting(about, "Due messages", oldest_due_message(), now)
    yield waiting(about, "Due callbacks", oldest_due_callback(), now)


def waiting(about: About, name: str, oldest: datetime | None, now: datetime) -> Finding:
    late = now - oldest if oldest is not None else timedelta()
    if late > TOO_LATE:
        return about.problem(name, f"the oldest is {length(late)} late", REMEDY)
    if late > LATE:
        return about.attention(name, f"the oldest is {length(late)} late", REMEDY)
    return about.good(name, "none is late")


def oldest_due_message() -> datetime | None:
    """One look along the index for each gateway that may send."""
    queued = Message.objects.filter(state=State.QUEUED).order_by("due_at")
    gateways = configuration.current().gateways.values()
    return _earliest(
        queued.filter(gateway=gateway.id).values_list("due_at", flat=True).first()
        for gateway in gateways
        if may_send(gateway)
    )


def oldest_due_callback() -> datetime | None:
    return _earliest(
        lane.deliveries().owed().order_by("due_at").values_list("due_at", flat=True).first()
        for lane in lanes_with_debts()
        if lane.is_open
    )


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
