"""Recording statuses, held against the slow reading of it: the ORM, and one row at a time."""

import random
import re
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from callbacks.models import Booking, CallbackDelivery, Settlement, Standing
from callbacks.reconciling.booking import day_of
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.callback_hosts import origin_of
from messages_app.causes import cause_of
from messages_app.events import STANDING, Fact, record
from messages_app.machines import Known, looks_like_a_machine, step_of
from messages_app.models import LeftBehind, Message, State, StatusEvent
from messages_app.statuses import ENDS, telling_order
from tests.factories import GatewayFactory, LabelFactory, MessageFactory
from tests.statements import statements_told

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MINUTE = timedelta(minutes=1)
LOOK = re.compile(r"SELECT .* FROM \"callbacks_callbackdelivery\"")
ENDED_AS = {Status.REJECTED: State.REJECTED, Status.FAILED: State.FAILED}


def record_slowly(facts, *, now):
    """What `record` and those who listen to it come to, but for suppressions."""
    reported = []
    for fact in sorted(facts, key=lambda fact: telling_order(fact.status)):
        message = Message.objects.filter(pk=fact.message_id).first()
        event = learn_slowly(fact, message, now) if message else None
        if event is None:
            continue
        if event.is_reported:
            reported.append(event)
        standing = owe_slowly(event, message) if event.is_reported else Standing.QUIET
        if not message.is_test:
            Booking.objects.create(
                label_id=message.label_id,
                day=day_of(now),
                channel=message.channel,
                status=event.status,
                standing=standing,
                count=1,
            )
    return reported


def learn_slowly(fact, message, now):
    known = [
        Known(status=status, occurred_at=None, is_machine=False, is_reported=True)
        for status in message.pruned_statuses
    ]
    for event in message.status_events.all():
        facts = ("status", "occurred_at", "is_machine", "is_reported")
        known.append(Known(**{name: getattr(event, name) for name in facts}))
    is_machine = fact.is_machine
    if is_machine is None:
        is_machine = looks_like_a_machine(fact.status, fact.occurred_at, message.channel, known)
    is_told = configuration.current().labels[message.label_id].report_machine_opens
    step = step_of(fact.status, message.status, known, is_machine=is_machine, is_told=is_told)
    if step is None:
        if message.state == State.SENT and message.status in ENDS and fact.status in ENDS:
            end_slowly(message, fact.status, now)
            message.save()
        return None
    if step.status != message.status:
        message.status = step.status
        if fact.status in ENDS:
            end_slowly(message, fact.status, now)
        elif message.state in (State.QUEUED, State.UNKNOWN, State.REJECTED, State.FAILED):
            message.state = State.SENT
        if message.state not in (State.QUEUED, State.SENDING):
            message.due_at = message.lease_until = None
    message.save()
    if message.pruned_at:
        LeftBehind.objects.get_or_create(message=message, stage="events", defaults={"due_at": now})
    return StatusEvent.objects.create(
        message=message,
        status=fact.status,
        detail=fact.detail,
        cause=cause_of(fact.status, fact.detail, is_permanent=fact.is_permanent) or "",
        occurred_at=fact.occurred_at,
        recorded_at=now,
        is_reported=step.is_reported,
        is_machine=is_machine,
        is_our_own=fact.is_our_own,
    )


def end_slowly(message, status, now):
    message.state, message.ended_at = ENDED_AS[status], now
    message.due_at = message.lease_until = None


def owe_slowly(event, message):
    label = configuration.current().labels[message.label_id]
    if message.callback_url is None or event.status not in label.callback_statuses:
        return Standing.UNWANTED
    waiting = message.callback_deliveries.filter(settlement=Settlement.OWED, due_at__gt=NOW)
    held = [each.may_be_passed_at for each in waiting if each.created_at < NOW]
    CallbackDelivery.objects.get_or_create(
        message=message,
        status=event.status,
        defaults={
            "label": message.label,
            "host": origin_of(message.callback_url.reveal()),
            "due_at": max(NOW, message.created_at + timedelta(seconds=1), *held),
            "created_at": NOW,
        },
    )
    return Standing.OWED


def written():
    """All that is in the database of messages and what is owed, in the order of its being told."""
    bookings = defaultdict(int)
    columns = ("label_id", "day", "channel", "status", "standing")
    for *line, count in Booking.objects.values_list(*columns, "count"):
        bookings[tuple(line)] += count
    return (
        sorted(Message.objects.values_list("id", *STANDING)),
        events_told(),
        list(LeftBehind.objects.order_by("message").values_list("message", "stage", "due_at")),
        list(
            CallbackDelivery.objects.order_by("message", "pk").values_list(
                *("message", "label", "host", "status", "settlement", "attempts"),
                *("times_not_found", "due_at", "created_at", "first_failed_at"),
            )
        ),
        dict(bookings),
    )


def events_told():
    return list(
        StatusEvent.objects.order_by("message", "pk").values_list(
            *("message", "status", "detail", "cause", "occurred_at", "recorded_at"),
            *("is_reported", "is_machine", "is_our_own"),
        )
    )


def come_of(do, facts):
    """What stands in the database after it, which is as if it had not been."""
    with transaction.atomic():
        told = [(event.message_id, event.status) for event in do(facts, now=NOW)]
        found = (sorted(told), *written())
        transaction.set_rollback(True)
    return found


def messages_of_all_kinds():
    few = LabelFactory(callback_statuses=["delivered", "failed"])
    machines = LabelFactory(report_machine_opens=True)
    kinds = (
        {"state": State.SENT, "attempts": 1},
        {"state": State.QUEUED, "created_at": NOW},
        {"state": State.SENDING, "lease_until": NOW + MINUTE},
        {"state": State.UNKNOWN, "is_test": True},
        {"state": State.SENT, "status": "failed", "callback_url": None},
        {"state": State.FAILED, "status": "failed", "ended_at": NOW - MINUTE},
        {"state": State.SENT, "pruned_at": NOW, "pruned_statuses": ["accepted", "delivered"]},
        {"state": State.SENT, "label": few},
        {"state": State.SENT, "label": machines, "channel": "email"},
    )
    gateways = {}
    for kind in kinds:
        label = kind.get("label") or few
        gateways.setdefault(label.pk, GatewayFactory(label=label))
        kind = {"label": label, "gateway": gateways[label.pk], **kind}
        yield MessageFactory(**{"created_at": NOW - MINUTE, **kind})


def facts_about(messages, chance):
    return [
        Fact(
            message_id=chance.choice(messages).pk,
            status=chance.choice(list(Status)),
            occurred_at=NOW - timedelta(seconds=chance.choice((0, 0, 30))),
            detail=chance.choice(("", "550 5.1.1 no such user")),
            is_machine=chance.choice((None, None, True, False)),
            is_our_own=chance.choice((True, False)),
        )
        for _ in range(chance.choice((1, 5, 20)))
    ]


@pytest.mark.parametrize("seed", range(4))
def test_any_statuses_come_to_what_the_slow_reading_says(seed):
    chance = random.Random(seed)
    messages = list(messages_of_all_kinds())
    for _ in range(6):
        facts = facts_about(messages, chance)
        assert come_of(record, facts) == come_of(record_slowly, facts)
        with transaction.atomic():
            record(facts, now=NOW - MINUTE)
        owed = CallbackDelivery.objects.order_by("pk")
        some = list(owed.values_list("pk", flat=True))[:: chance.choice((1, 2))]
        owed.filter(pk__in=some).update(
            due_at=NOW + 5 * MINUTE, first_failed_at=chance.choice((None, NOW - 7 * MINUTE))
        )


def test_what_has_not_changed_is_not_written():
    message = MessageFactory(state=State.SENT, status="opened")
    StatusEvent.objects.create(
        message=message, status="opened", occurred_at=NOW, recorded_at=NOW, is_reported=True
    )
    fact = Fact(message_id=message.pk, status=Status.DELIVERED, occurred_at=NOW)
    with transaction.atomic(), statements_told() as told:
        record([fact], now=NOW)
    assert len(events_told()) == 2
    assert not [each for each in told if each.startswith('UPDATE "messages_app_message"')]


def test_nobody_looks_for_what_is_owed_before_the_first_status():
    message = MessageFactory(state=State.SENT)
    looks = []
    for status in (Status.ACCEPTED, Status.DELIVERED):
        fact = Fact(message_id=message.pk, status=status, occurred_at=NOW)
        with transaction.atomic(), statements_told() as told:
            record([fact], now=NOW)
        looks.append(sum(bool(LOOK.match(each)) for each in told))
    assert looks == [0, 1]
