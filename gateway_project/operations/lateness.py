"""What stands still though it may leave. A long queue that moves is not late."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import groupby
from operator import attrgetter

from callbacks.lanes import Lane, lanes_due
from callbacks.models import DeliveryAttempt
from gateways import configuration
from gateways.values import GatewayValues
from messages_app.counting.rows import first_key
from messages_app.holding import first_due, unheld
from messages_app.models import InboxEntry, Message, RelayKind, SendAttempt, State
from messages_app.relaying.draining import told_listeners
from messages_app.sending import may_send

LATE = timedelta(minutes=1)
TOO_LATE = timedelta(minutes=10)
MOVES_WITHIN = timedelta(minutes=5)
"""Where nothing has left for longer, a queue stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """A line that stands still, and when the first in it became due."""

    queue: str
    label_id: int
    oldest: datetime


def standstills(now: datetime) -> Iterator[Standstill]:
    """In all queues."""
    yield from standing_messages(now)
    yield from standing_callbacks(now)
    yield from standing_relays(now)
    yield from standing_inbox(now)


def standing_messages(now: datetime) -> Iterator[Standstill]:
    """One look along the index for each gateway that may send; for those with something late, at
    what left last."""
    queued = Message.objects.filter(state=State.QUEUED)
    for gateway in filter(may_send, configuration.current().gateways.values()):
        oldest = first_due(unheld(queued.filter(gateway=gateway.id), gateway), gateway)
        if oldest and now - oldest > LATE and not _sends(gateway, oldest, now):
            yield Standstill(queue="send", label_id=gateway.label_id, oldest=oldest)


def standing_callbacks(now: datetime) -> Iterator[Standstill]:
    """Among those that may be told: of each label the lane that has waited longest."""
    late = (lane for lane in lanes_due(now - LATE) if lane.is_open)
    first = cache(partial(first_key, DeliveryAttempt, "finished_at", now - MOVES_WITHIN))
    for label_id, lanes in groupby(late, attrgetter("label_id")):
        still = next((lane for lane in lanes if not _tells(lane, first())), None)
        if still is not None and (oldest := still.longest_due(now)):
            yield Standstill(queue="report", label_id=label_id, oldest=oldest)


def standing_relays(now: datetime) -> Iterator[Standstill]:
    """To those who may be told: not to whom nothing is told until a person has looked."""
    for listener in told_listeners():
        for kind in RelayKind:
            relays = listener.relays().filter(kind=kind)
            moved = relays.filter(settled_at__gt=now - MOVES_WITHIN)
            waiting = relays.filter(settled_at=None, due_at__lt=now - LATE).order_by("due_at")
            for label_id, due_at in waiting.values_list("label_id", "due_at")[:1]:
                if not moved.exists():
                    yield Standstill(queue="relay", label_id=label_id, oldest=due_at)


def standing_inbox(now: datetime) -> Iterator[Standstill]:
    """The first of all: the clock looks at them in their order, whosoever they are."""
    waiting = InboxEntry.objects.filter(applied_at=None, due_at__lt=now - LATE).order_by("due_at")
    for label_id, due_at in waiting.values_list("gateway__label_id", "due_at")[:1]:
        if due_at:
            yield Standstill(queue="inbox", label_id=label_id, oldest=due_at)


def oldest_due_message(now: datetime) -> datetime | None:
    """The first of those that stand still."""
    return _earliest(each.oldest for each in standing_messages(now))


def oldest_due_callback(now: datetime) -> datetime | None:
    return _earliest(each.oldest for each in standing_callbacks(now))


def lateness(now: datetime) -> timedelta:
    """For how long the oldest message or callback that stands still has been due."""
    oldest = _earliest((oldest_due_message(now), oldest_due_callback(now)))
    return max(now - oldest, timedelta()) if oldest is not None else timedelta()


def _sends(gateway: GatewayValues, oldest: datetime, now: datetime) -> bool:
    """Whether messages leave there in their turn: the last that left is not so much younger than
    the first that waits that it must have passed it by."""
    first = first_key(SendAttempt, "finished_at", now - MOVES_WITHIN)
    left = SendAttempt.objects.filter(pk__gte=first, gateway=gateway.id, message__is_test=False)
    last = left.order_by("-pk").values_list("message__created_at", flat=True).first()
    return last is not None and last <= oldest + TOO_LATE


def _tells(lane: Lane, first: int) -> bool:
    """Whether one of the attempts from that key on was to tell it something."""
    told = DeliveryAttempt.objects.filter(pk__gte=first, delivery__label=lane.label_id)
    return told.filter(delivery__host=lane.host).exists()


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
