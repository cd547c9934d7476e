"""What has been due for longer than it should."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from callbacks.lanes import lanes_with_debts
from gateways import configuration
from messages_app.holding import unheld
from messages_app.models import Message, State
from messages_app.sending import may_send

LATE = timedelta(minutes=1)
TOO_LATE = timedelta(minutes=10)


def oldest_due_message() -> datetime | None:
    """Among those that may leave: one look along the index for each gateway that may send."""
    queued = Message.objects.filter(state=State.QUEUED).order_by("due_at")
    gateways = configuration.current().gateways.values()
    return _earliest(
        unheld(queued.filter(gateway=gateway.id), gateway).values_list("due_at", flat=True).first()
        for gateway in gateways
        if may_send(gateway)
    )


def oldest_due_callback() -> datetime | None:
    """Among those that may be told."""
    return _earliest(
        lane.deliveries().owed().order_by("due_at").values_list("due_at", flat=True).first()
        for lane in lanes_with_debts()
        if lane.is_open
    )


def lateness(now: datetime) -> timedelta:
    """For how long the oldest of all has been due."""
    oldest = _earliest((oldest_due_message(), oldest_due_callback()))
    return max(now - oldest, timedelta()) if oldest is not None else timedelta()


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
