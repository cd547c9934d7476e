"""Growing old: what goes when, what stays for late statuses and repeats, and what must not go."""

from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.models import Label
from gateways.providers.base import StatusUpdate
from gateways.retention import retention_of
from messages_app import walking
from messages_app.models import (
    InboxEntry,
    LeftBehind,
    Message,
    SendAttempt,
    Stage,
    State,
    StatusEvent,
    Wait,
    WalkMark,
)
from messages_app.pruning import entries, rounds
from messages_app.pruning.rounds import prune_all, prune_round
from messages_app.pruning.visits import VISITS
from messages_app.reports import apply_to_gateway
from messages_app.resending import resendable
from tests.factories import GatewayFactory, LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db
numbers = count(1)


@pytest.fixture
def gateway():
    return GatewayFactory()


def aged(gateway, days: float, *, settlement=Settlement.ACKNOWLEDGED, **changes) -> Message:
    """A message accepted that long ago, delivered and told."""
    at = timezone.now() - timedelta(days=days)
    message = MessageFactory(
        **{
            "pk": UUID(int=first_id(at).int + next(numbers)),
            "gateway": gateway,
            "label": gateway.label,
            "state": State.SENT,
            "status": "delivered",
            "due_at": None,
            "created_at": at,
            "notes": ["something"],
        }
        | changes
    )
    for number, provider_id in ((1, ""), (2, f"p-{message.pk}")):
        SendAttempt.objects.create(
            message=message,
            gateway=gateway,
            number=number,
            outcome="accepted",
            detail="250 ok",
            rendered="To: somebody",
            rendered_as=message.pk if number == 2 else UUID(int=message.pk.int + 2**100),
            provider_id=provider_id,
            address_index="0" * 64,
            started_at=at,
            finished_at=at,
        )
    for status in ("accepted", "delivered"):
        StatusEvent.objects.create(
            message=message, status=status, occurred_at=at, recorded_at=at, is_reported=True
        )
        delivery = CallbackDelivery.objects.create(
            message=message,
            label=gateway.label,
            host="https://api.smartico.ai",
            status=status,
            settlement=settlement,
            due_at=at,
            created_at=at,
        )
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=at, finished_at=at, outcome="acknowledged"
        )
    return message


def report(message: Message, status: Status, **named) -> int:
    update = StatusUpdate(status=status, **(named or {"message_id": str(message.pk)}))
    return apply_to_gateway(configuration.current().gateways[message.gateway_id], [update])


def owed(message: Message) -> list[str]:
    rows = CallbackDelivery.objects.owed().filter(message=message)
    return list(rows.values_list("status", flat=True))


def test_what_goes_later_is_kept_at_least_as_long_as_what_goes_before():
    assert retention_of({}).events_days == 90
    shown = retention_of({"bodies_days": 400})
    assert (shown.bodies_days, shown.events_days, shown.tombstones_days) == (400, 400, 400)


def test_what_a_message_said_goes_after_the_labels_days(gateway):
    old, young = aged(gateway, 31), aged(gateway, 29)
    prune_all()
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.content, young.content.reveal()) == (None, {"body": "Best offer ever"})
    assert set(old.send_attempts.values_list("rendered", flat=True)) == {None}
    assert old.status_events.count() == 2
    assert old.pruned_at is None


def test_then_the_details_go_and_a_tombstone_stays(gateway):
    message = aged(gateway, 91)
    prune_all()
    message.refresh_from_db()
    assert message.pruned_statuses == ["accepted", "delivered"]
    assert (message.notes, message.content) == ([], None)
    assert message.status == "delivered"
    assert not StatusEvent.objects.exists()
    assert not CallbackDelivery.objects.exists()
    assert not DeliveryAttempt.objects.exists()
    kept = message.send_attempts.values_list("provider_id", "detail", "address_index")
    assert list(kept) == [(f"p-{message.pk}", "", "")]


def test_and_in_the_end_the_tombstone(gateway):
    aged(gateway, 366)
    kept = aged(gateway, 364)
    prune_all()
    assert Message.objects.get() == kept
    assert not LeftBehind.objects.exists()


def test_each_label_has_its_own_days(gateway):
    other = GatewayFactory(label=LabelFactory(retention={"bodies_days": 7, "events_days": 10}))
    there, here = aged(other, 11), aged(gateway, 11)
    prune_all()
    assert Message.objects.get(pk=there.pk).pruned_at is not None
    assert Message.objects.get(pk=here.pk).content is not None


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.UNKNOWN])
def test_an_open_message_is_left_behind_until_it_has_ended(gateway, state):
    message = aged(gateway, 100, state=state)
    younger = aged(gateway, 95)
    prune_all()
    assert Message.objects.get(pk=message.pk).content is not None
    assert Message.objects.get(pk=younger.pk).pruned_at is not None
    Message.objects.filter(pk=message.pk).update(state=State.SENT)
    prune_all()
    assert Message.objects.get(pk=message.pk).content is not None, (
        "it is not looked at all the time"
    )
    LeftBehind.objects.update(due_at=timezone.now())
    prune_all()
    assert Message.objects.get(pk=message.pk).pruned_at is not None
    assert not LeftBehind.objects.exists()


def test_a_status_that_is_still_owed_keeps_the_details_but_not_the_body(gateway):
    message = aged(gateway, 100, settlement=Settlement.OWED)
    prune_all()
    message.refresh_from_db()
    assert message.content is None
    assert message.pruned_at is None
    assert message.status_events.count() == 2
    assert owed(message) == ["accepted", "delivered"]
    CallbackDelivery.objects.update(settlement=Settlement.DEAD)
    LeftBehind.objects.update(due_at=timezone.now())
    prune_all()
    message.refresh_from_db()
    assert message.pruned_at is not None


@pytest.mark.parametrize("by", ["our id", "the provider's id"])
def test_a_late_status_of_a_tombstone_is_told_once_and_nothing_comes_back(gateway, by):
    message = aged(gateway, 100)
    prune_all()
    named = {"message_id": str(message.pk)} if by == "our id" else {}
    named = named or {"provider_id": f"p-{message.pk}"}
    for status in (Status.ACCEPTED, Status.DELIVERED, Status.OPENED, Status.OPENED):
        assert report(message, status, **named) == 1
    message.refresh_from_db()
    assert owed(message) == ["opened"]
    assert (message.status, message.state, message.content) == ("opened", State.SENT, None)
    assert not resendable(Message.objects.all()).exists()


def test_what_was_learnt_late_is_pruned_in_its_turn_and_remembered(gateway):
    message = aged(gateway, 100)
    prune_all()
    report(message, Status.CLICKED)
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    prune_all()
    message.refresh_from_db()
    assert message.pruned_statuses == ["accepted", "clicked", "delivered"]
    assert not StatusEvent.objects.exists()
    report(message, Status.CLICKED)
    report(message, Status.OPENED)
    assert owed(message) == []


def test_a_repeated_uid_is_answered_the_same_while_the_tombstone_lives(gateway, db):
    message = aged(gateway, 100)
    before = (message.repeat_key, message.fingerprint)
    prune_all()
    message.refresh_from_db()
    assert (message.repeat_key, message.fingerprint) == before


def test_old_inbox_entries_go_with_the_details(gateway):
    for days in (91, 89):
        at = timezone.now() - timedelta(days=days)
        InboxEntry.objects.create(
            gateway=gateway,
            waits_for=Wait.ITS_MESSAGE,
            meaning=str(days),
            occurred_at=at,
            received_at=at,
        )
    prune_all()
    assert InboxEntry.objects.get().meaning == "89"


def test_of_what_waits_in_the_inbox_the_newest_are_kept(gateway, monkeypatch):
    monkeypatch.setattr(entries, "MOST_WAITING", 4)
    monkeypatch.setattr(entries, "MOST_KEPT", 2)
    now = timezone.now()
    for number in range(8):
        InboxEntry.objects.create(
            gateway=gateway,
            waits_for=Wait.A_READER if number < 6 else Wait.ITS_MESSAGE,
            kept={"text": "{"} if number < 6 else None,
            meaning=str(number),
            occurred_at=now,
            received_at=now,
            applied_at=now if number == 0 else None,
        )
    assert prune_all() > 0
    assert set(InboxEntry.objects.values_list("meaning", flat=True)) == {"0", "4", "5", "6", "7"}


def test_a_walk_goes_on_where_it_was_and_looks_at_nothing_twice(gateway, monkeypatch):
    monkeypatch.setattr(walking, "BATCH", 2)
    messages = [aged(gateway, 40 - n) for n in range(5)]
    (bodies,) = [walk for walk in walking.walks(VISITS) if walk.visit.stage == Stage.BODIES]
    assert [bodies.step() for _ in range(4)] == [2, 2, 1, 0]
    assert WalkMark.objects.get(stage=Stage.BODIES).reached == messages[-1].pk
    assert not Message.objects.filter(content__isnull=False).exists()


def test_a_round_with_nothing_to_do_is_a_handful_of_looks(gateway):
    aged(gateway, 1)
    prune_round()
    with CaptureQueriesContext(connection) as queries:
        assert prune_round() == 0
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_the_clock_rests_after_a_round_that_found_nothing(gateway):
    pruning = walking.Resting(prune_round)
    assert pruning() == 0
    aged(gateway, 31)
    assert pruning() == 0
    assert walking.Resting(prune_round)() > 0


def test_a_dry_run_says_how_many_and_removes_nothing(gateway, capsys):
    aged(gateway, 100)
    call_command("prune", "--dry-run")
    assert "Bodies: 1 messages have grown old enough" in capsys.readouterr().out
    assert Message.objects.get().content is not None
    call_command("prune", "--label", gateway.label.slug)
    assert Message.objects.get().pruned_at is not None


def test_an_unknown_label_is_an_error(db):
    Label.objects.all().delete()
    with pytest.raises(CommandError, match="no label 'nowhere'"):
        call_command("prune", "--label", "nowhere")


def test_no_walk_reads_the_whole_table(gateway):
    """The plan's shape: an index in the order of the ids, and no sorting."""
    (walk, *_) = walking.walks(VISITS)
    plan = walk.ahead()[:500].explain()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = walk.ahead()[:500].explain()
    assert "message_of_channel" in plan


def test_pruning_rests_after_each_round_for_as_long_as_that_took(monkeypatch):
    clock, rests = [100.0], []
    works = iter([5, 3, 0])

    def go_round(label):
        clock[0] += 2.0
        return next(works)

    def sleep(seconds):
        rests.append(seconds)
        clock[0] += seconds

    here = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr(rounds, "time", here)
    monkeypatch.setattr(rounds, "prune_round", go_round)
    assert prune_all() == 8
    assert rests == [2.0, 2.0]
