"""The clock of missing receipts: what a provider took and never says anything of has failed.

Only where the provider tells of deliveries at all, and where it can be asked, only after its last
answer. Counted from when it took the message. A label may leave such messages as they are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from gateway_project.lib.batches import for_a_while
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import Provider
from gateways.receipts import Receipts
from gateways.values import LabelValues
from messages_app.asking import asking_of
from messages_app.causes import NO_RECEIPT
from messages_app.events import fail
from messages_app.models import OPEN, Message, SendAttempt, Stage, State, StatusEvent
from messages_app.outcomes import TAKEN
from messages_app.questions import ways_of
from messages_app.statuses import ENDS
from messages_app.walking import Later, Visit, walks

GRACE = timedelta(minutes=10)
"""Most are taken within minutes, and the last question is answered within some: who comes by so
much later mostly comes once."""
SELDOM = timedelta(hours=6)
"""Before it is looked again whether a gateway's configuration can be read, and at most after a
message whose provider is asked and does not answer."""

UNHEARD = ("", Status.ACCEPTED, *ENDS)
"""What the status of a sent message says where nothing is known of its arrival. An end is that of
an earlier round."""
SILENT = Q(state=State.SENT, status__in=UNHEARD)
Row = TypeVar("Row", SendAttempt, StatusEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What a message's tries and statuses tell of its receipt."""

    taken_at: datetime
    ask_at: datetime | None
    """When the provider is to be asked next."""
    was_heard_of: bool
    """Whether something shows that it has arrived, such as a complaint."""


def miss_receipts() -> int:
    """Looks at the messages whose time has come; answers how many."""
    return for_a_while(_round, goes_on=bool)


def trail_of(
    message: Message, tries: Iterable[SendAttempt], events: Iterable[StatusEvent]
) -> Trail:
    tries = list(tries)
    statuses = {event.status: event.recorded_at for event in events}
    taken = [each.finished_at for each in tries if each.outcome == TAKEN]
    moments = (*taken, statuses.get(Status.ACCEPTED), message.requeued_at)
    learnt = {*statuses, *message.pruned_statuses}
    return Trail(
        taken_at=max(filter(None, moments), default=message.created_at),
        ask_at=max((each.ask_at for each in tries if each.ask_at), default=None),
        was_heard_of=bool(learnt.difference(UNHEARD)),
    )


def missed_at(
    message: Message, tries: Iterable[SendAttempt], events: Iterable[StatusEvent]
) -> datetime | None:
    """When it has failed if nothing comes; None where it never does."""
    receipts, trail = _receipts(message), trail_of(message, tries, events)
    is_never = trail.was_heard_of or not receipts.report
    return None if is_never else trail.taken_at + receipts.time


def is_silent(message: Message) -> bool:
    """Whether it was sent, and no status says what became of it."""
    return message.state == State.SENT and message.status in UNHEARD


def _round() -> int:
    return sum(walk.step() for walk in walks([VISIT])) + VISIT.look_again()


def _age(label: LabelValues) -> timedelta:
    return label.receipts.time + GRACE


def _visit(messages: Collection[Message], now: datetime) -> Later:
    """Fails those whose time is over; answers the others that are still on their way.

    What is open cannot be missed before its time, were it taken this moment.
    """
    later = {row.pk: now + _receipts(row).time for row in messages if row.state in OPEN}
    silent = [row for row in messages if is_silent(row)]
    adapters = {gateway_id: _adapter(gateway_id) for gateway_id in {r.gateway_id for r in silent}}
    gateways = configuration.current().gateways
    asked = {each for each, adapter in adapters.items() if ways_of(adapter, gateways[each])}
    missed: dict[UUID, Message] = {}
    for row, trail in _trails([row for row in silent if _may_tell(row, adapters)]):
        waits_until = _waits_until(trail, _receipts(row), now, is_asked=row.gateway_id in asked)
        if waits_until is not None:
            later[row.pk] = waits_until
        elif _receipts(row).report:
            missed[row.pk] = row
    fail(missed, NO_RECEIPT, now=now)
    unreadable = [row.pk for row in silent if adapters[row.gateway_id] is None]
    return later | dict.fromkeys(unreadable, now + SELDOM)


def _receipts(message: Message) -> Receipts:
    return configuration.current().labels[message.label_id].receipts


def _adapter(gateway_id: int) -> Provider | None:
    """None where nobody can say what it tells."""
    try:
        return adapter_of(configuration.current().gateways[gateway_id])
    except (LookupError, Undecryptable):
        return None


def _may_tell(message: Message, adapters: Mapping[int, Provider | None]) -> bool:
    """Whether its provider, as the account is configured, tells of deliveries."""
    adapter = adapters[message.gateway_id]
    return adapter is not None and Status.DELIVERED in adapter.reported(Channel(message.channel))


def _trails(messages: Collection[Message]) -> list[tuple[Message, Trail]]:
    """Of those that nothing was heard of."""
    ids = [row.pk for row in messages]
    fields = ("message_id", "outcome", "finished_at", "ask_at")
    tries = _by_message(SendAttempt.objects.filter(message__in=ids).only(*fields))
    events = _by_message(StatusEvent.objects.filter(message__in=ids).defer("detail"))
    trails = [(row, trail_of(row, tries[row.pk], events[row.pk])) for row in messages]
    return [(row, trail) for row, trail in trails if not trail.was_heard_of]


def _by_message(rows: Iterable[Row]) -> defaultdict[UUID, list[Row]]:
    by_message: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        by_message[row.message_id].append(row)
    return by_message


def _waits_until(
    trail: Trail, receipts: Receipts, now: datetime, *, is_asked: bool
) -> datetime | None:
    """When its time is over, or its provider may have answered: at ever longer intervals, for it
    may be silent for days. None where that is now."""
    over_at = trail.taken_at + receipts.time
    if over_at > now:
        return over_at + GRACE
    given_up_at = trail.taken_at + asking_of(receipts).given_up_after
    if not is_asked or trail.ask_at is None or now >= given_up_at:
        return None
    wait = min(max(GRACE, now - over_at), SELDOM)
    return min(max(trail.ask_at, now) + wait, given_up_at)


VISIT = Visit(stage=Stage.RECEIPT, age=_age, pay=_visit, concerns=Q(state__in=OPEN) | SILENT)
