"""Recording statuses: one event per message and status, and what follows from it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db.models import Q

from gateway_project.lib import bulk
from gateway_project.lib.vocabulary import Closing, Status
from gateways import configuration
from messages_app.causes import cause_of
from messages_app.destinations import Clue, destinations_of
from messages_app.machines import Known, looks_like_a_machine, step_of
from messages_app.metering import count_statuses
from messages_app.models import (
    DETAIL_LENGTH,
    LeftBehind,
    Message,
    Stage,
    State,
    StatusEvent,
)
from messages_app.signals import statuses_recorded
from messages_app.statuses import BESIDE, ENDS, Step, telling_order
from users.suppressions import Closed, suppress_each

ENDED_AS = {Status.REJECTED: State.REJECTED, Status.FAILED: State.FAILED}
STANDING = (
    *("status", "state", "ended_at", "gateway_id"),
    *("due_at", "lease", "lease_until"),
)
"""What of a message changes on its way."""
READ = (
    *("id", *STANDING),
    *("label_id", "end_user_id", "channel", "activity_type", "is_test"),
    *("callback_url", "created_at", "pruned_at", "pruned_statuses"),
)
"""What of a message says what follows from a status."""
WRITTEN = (
    *("message_id", "status", "detail", "cause", "occurred_at", "recorded_at"),
    *("is_reported", "is_machine", "is_our_own"),
)
KNOWN = ("message_id", "status", "occurred_at", "is_machine", "is_reported")
standing_of = attrgetter(*STANDING)
row_of = attrgetter(*WRITTEN)
NOT_YET_SENT = frozenset({State.QUEUED, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One status learnt about one message. `detail` is scrubbed already.

    `is_permanent` says of an end that the address is at fault. `address_index` is the blind index
    of the address that was named, if one was. `told_by` is the gateway whose provider said so,
    where one did, and `provider_id` its name of the try. `is_machine` is what the provider says of
    an open or a click; None leaves it to be judged. `is_our_own` says that no provider did.
    """

    message_id: UUID
    status: Status
    occurred_at: datetime
    detail: str = field(default="", repr=False)
    is_permanent: bool = False
    address_index: str = field(default="", repr=False)
    provider_id: str = ""
    told_by: int | None = None
    is_machine: bool | None = None
    is_our_own: bool = False


def record(
    facts: Sequence[Fact], *, now: datetime, changed: Mapping[UUID, Message] | None = None
) -> list[StatusEvent]:
    """Writes what is new in `facts` and answers those events that are to be reported.

    Runs inside the caller's transaction; messages are locked in the order of their ids. `changed`
    are messages that the caller has locked and moved on: they are written here, once. (A database
    server checks the foreign keys of a row that a transaction writes twice, and locks what they
    refer to: the end user, whom somebody may be erasing.)
    """
    changed = dict(changed or {})
    met = bulk.locked(Message, READ, {fact.message_id for fact in facts} - changed.keys())
    before = {message.pk: standing_of(message) for message in met}
    messages = {**changed, **{message.pk: message for message in met}}
    seen = _statuses_seen(messages.values())
    heard_of = {pk for pk, known in seen.items() if known}
    events: list[StatusEvent] = []
    counting: list[tuple[Fact, Message]] = []
    for fact in sorted(facts, key=lambda fact: telling_order(fact.status)):
        message = messages.get(fact.message_id)
        if message is None:
            continue
        is_machine = _is_machine(fact, message, seen[message.pk])
        step = _step(fact, message, seen[message.pk], is_machine=is_machine)
        if step is None:
            if _ends_again(message, fact.status):
                changed[message.pk] = _ended(message, fact.status, now)
                counting.append((fact, message))
            elif fact.is_permanent:
                # It may have failed before for a passing reason.
                counting.append((fact, message))
            continue
        _apply(step, fact.status, message, now)
        event = _event(fact, message, step, now, is_machine=is_machine)
        seen[message.pk].append(_known(event))
        events.append(event)
        counting.append((fact, message))
    moved = {pk: messages[pk] for pk in before if standing_of(messages[pk]) != before[pk]}
    bulk.write(
        bulk.inserting(StatusEvent, WRITTEN, [row_of(event) for event in events]),
        bulk.saving(Message, STANDING, {**changed, **moved}.values()),
    )
    _suppress(counting)
    _leave_tombstones_behind(events, now)
    count_statuses(events)
    reported = [event for event in events if event.is_reported]
    if events:
        quiet = [event for event in events if not event.is_reported]
        statuses_recorded.send(StatusEvent, events=reported, quiet=quiet, heard_of=heard_of)
    return reported


def fail(messages: Mapping[UUID, Message], detail: str, *, now: datetime) -> None:
    """Ends these messages, which the caller has locked, whatever was learnt about them before."""
    facts = [
        Fact(
            message_id=pk,
            status=Status.FAILED,
            occurred_at=now,
            detail=detail,
            is_our_own=True,
        )
        for pk in messages
    ]
    ended = {pk: _ended(message, Status.FAILED, now) for pk, message in messages.items()}
    record(facts, now=now, changed=ended)


def locked_messages(ids: Iterable[UUID], *which: Q) -> dict[UUID, Message]:
    """The messages by id, or `which` of them, locked in one order everywhere, so that two writers
    never deadlock."""
    rows = Message.objects.select_for_update().defer("content").filter(*which, pk__in=ids)
    return {message.pk: message for message in rows.order_by("pk")}


def _statuses_seen(messages: Collection[Message]) -> dict[UUID, list[Known]]:
    seen = {message.pk: _remembered(message) for message in messages}
    for row in bulk.rows_among(StatusEvent, KNOWN, "message_id", seen):
        message_id, status, occurred_at, is_machine, is_reported = row
        seen[message_id].append(
            Known(
                status=status,
                occurred_at=occurred_at,
                is_machine=is_machine,
                is_reported=is_reported,
            )
        )
    return seen


def _remembered(message: Message) -> list[Known]:
    """What a tombstone still knows."""
    return [
        Known(status=status, occurred_at=None, is_machine=False, is_reported=True)
        for status in message.pruned_statuses
    ]


def _known(event: StatusEvent) -> Known:
    return Known(
        status=event.status,
        occurred_at=event.occurred_at,
        is_machine=event.is_machine,
        is_reported=event.is_reported,
    )


def _is_machine(fact: Fact, message: Message, known: Iterable[Known]) -> bool:
    if fact.is_machine is not None:
        return fact.is_machine
    return looks_like_a_machine(fact.status, fact.occurred_at, message.channel, known)


def _step(fact: Fact, message: Message, known: Iterable[Known], *, is_machine: bool) -> Step | None:
    is_told = configuration.current().labels[message.label_id].report_machine_opens
    return step_of(fact.status, message.status, known, is_machine=is_machine, is_told=is_told)


def _apply(step: Step, status: Status, message: Message, now: datetime) -> None:
    """Brings the message's status and state in line; what was reported need not be sent again."""
    if step.status == message.status:
        return
    message.status = step.status
    if status in ENDS:
        _ended(message, status, now)
    elif message.state in NOT_YET_SENT or message.state in ENDED_AS.values():
        message.state = State.SENT
    if message.state not in (State.QUEUED, State.SENDING):
        message.due_at = message.lease_until = None


def _ended(message: Message, status: Status, now: datetime) -> Message:
    message.state, message.ended_at = ENDED_AS[status], now
    message.due_at = message.lease_until = None
    return message


def _ends_again(message: Message, status: Status) -> bool:
    """Whether a message that was queued again after its end, and sent, has come to an end anew."""
    return message.state == State.SENT and message.status in ENDS and status in ENDS


def _event(
    fact: Fact, message: Message, step: Step, now: datetime, *, is_machine: bool
) -> StatusEvent:
    return bulk.new(
        StatusEvent,
        message=message,
        status=fact.status,
        detail=fact.detail[:DETAIL_LENGTH],
        cause=cause_of(fact.status, fact.detail, is_permanent=fact.is_permanent) or "",
        occurred_at=fact.occurred_at,
        recorded_at=now,
        is_reported=step.is_reported,
        is_machine=is_machine,
        is_our_own=fact.is_our_own,
    )


def _leave_tombstones_behind(events: Iterable[StatusEvent], now: datetime) -> None:
    """What is learnt about a tombstone is pruned in its turn."""
    late = {event.message_id for event in events if event.message.pruned_at}
    if not late:
        return
    LeftBehind.objects.bulk_create(
        [LeftBehind(message_id=pk, stage=Stage.EVENTS, due_at=now) for pk in sorted(late)],
        ignore_conflicts=True,
    )


def suppression_reason(status: Status, *, is_permanent: bool) -> str:
    """Why an address is not written to after this status; empty where it may be."""
    if status in BESIDE:
        return Closing(status.value).value
    return Closing.HARD_BOUNCE.value if is_permanent and status in ENDS else ""


def suppresses(label_id: int, reason: str) -> bool:
    """Whether the label closes addresses for that."""
    return reason in configuration.current().labels[label_id].suppress_on


def _suppress(counting: Iterable[tuple[Fact, Message]]) -> None:
    """Whom the address's owner or its server has closed it to is not written to again there."""
    closing = [(fact, message) for fact, message in counting if _closes(fact, message)]
    if not closing:
        return
    went_to = destinations_of(
        [
            Clue(message, fact.address_index, fact.provider_id, fact.told_by)
            for fact, message in closing
        ]
    )
    closed: defaultdict[tuple[int, str], dict[str, Closed]] = defaultdict(dict)
    for (fact, message), address in zip(closing, went_to, strict=True):
        if address is not None:
            why = Closed(reason=_reason(fact), told_by=fact.told_by)
            alike = closed[message.label_id, address.channel.value]
            alike.setdefault(address.address_index, why)
    for (label_id, channel), by_index in sorted(closed.items()):
        suppress_each(label_id, channel, by_index)


def _closes(fact: Fact, message: Message) -> bool:
    """Whether its address is closed. A preview goes to somebody of the house, who only looks."""
    return not message.is_preview and suppresses(message.label_id, _reason(fact))


def _reason(fact: Fact) -> str:
    return suppression_reason(fact.status, is_permanent=fact.is_permanent)
