"""Receipts that never come: who waits for them, how long, and what is told at the end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app import polling, receipts, walking
from messages_app.models import LeftBehind, Message, SendAttempt, Stage, State, StatusEvent
from messages_app.parked import count_as_sent
from messages_app.pruning.rounds import prune_all
from messages_app.receipts import miss_receipts
from messages_app.reports import apply_to_gateway
from messages_app.resending import resend
from tests.factories import GatewayFactory, LabelFactory, MessageFactory
from tests.gateways.providers.examples import at
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SMTP = {"host": "127.0.0.1", "port": 25, "security": "none"}
numbers = count(1)


@pytest.fixture
def gateway():
    return GatewayFactory()


def taken(gateway, hours: float = 73, *, waited: float = 0, ask_at=None, **changes) -> Message:
    """A message that its provider took so many hours ago, when it had waited for some."""
    taken_at = timezone.now() - hours * HOUR
    accepted_at = taken_at - waited * HOUR
    message = MessageFactory(
        **{
            "pk": UUID(int=first_id(accepted_at).int + next(numbers)),
            "gateway": gateway,
            "label": gateway.label,
            "channel": gateway.channel,
            "state": State.SENT,
            "status": Status.ACCEPTED,
            "due_at": None,
            "created_at": accepted_at,
        }
        | changes
    )
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=f"r-{message.pk}",
        started_at=taken_at,
        finished_at=taken_at,
        ask_at=ask_at,
    )
    StatusEvent.objects.create(
        message=message,
        status=Status.ACCEPTED,
        occurred_at=taken_at,
        recorded_at=taken_at,
        is_reported=True,
    )
    return message


def report(message: Message, status: Status, **named) -> None:
    update = StatusUpdate(status=status, message_id=str(message.pk), **named)
    apply_to_gateway(configuration.current().gateways[message.gateway_id], [update])


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.status


def look_later(hours: float = 0) -> None:
    """Lets what was left behind be looked at, as if so many hours had gone by."""
    for row in LeftBehind.objects.all():
        row.due_at -= hours * HOUR
        row.save()


FAILED = (State.FAILED, Status.FAILED)
AS_IT_WAS = (State.SENT, Status.ACCEPTED)


def test_a_message_without_a_receipt_has_failed_after_three_days_and_smartico_is_told_so(gateway):
    missed, waiting = taken(gateway, 73), taken(gateway, 71)
    miss_receipts()
    miss_receipts()
    assert (standing(missed), standing(waiting)) == (FAILED, AS_IT_WAS)
    event = StatusEvent.objects.get(status=Status.FAILED)
    assert (event.detail, event.cause, event.is_reported) == ("no receipt", "no_receipt", True)
    assert CallbackDelivery.objects.get().status == Status.FAILED
    assert not LeftBehind.objects.exists()


def test_a_delivery_that_is_reported_later_still_goes_through(gateway):
    message = taken(gateway)
    miss_receipts()
    report(message, Status.DELIVERED)
    assert standing(message) == (State.SENT, Status.DELIVERED)
    told = CallbackDelivery.objects.order_by("pk").values_list("status", flat=True)
    assert list(told) == [Status.FAILED, Status.DELIVERED]
    assert miss_receipts() == 0


@pytest.mark.parametrize(
    "standing_of_it",
    [
        {"status": Status.DELIVERED},
        {"status": Status.OPENED},
        {"status": Status.FAILED, "state": State.FAILED},
        {"status": Status.REJECTED, "state": State.REJECTED},
    ],
)
def test_what_was_heard_of_is_left_alone(gateway, standing_of_it):
    message = taken(gateway, **standing_of_it)
    before = standing(message)
    assert miss_receipts() == 1
    assert standing(message) == before


@pytest.mark.parametrize("status", [Status.COMPLAINED, Status.UNSUBSCRIBED])
def test_who_complains_has_received_it(gateway, status):
    message = taken(gateway)
    report(message, status)
    miss_receipts()
    assert standing(message) == AS_IT_WAS


def test_a_machine_that_opens_a_mail_has_received_it():
    label = LabelFactory(report_machine_opens=False)
    message = taken(GatewayFactory(label=label, channel=Channel.EMAIL))
    report(message, Status.OPENED, is_machine=True)
    assert standing(message) == AS_IT_WAS
    miss_receipts()
    assert standing(message) == AS_IT_WAS


def test_where_deliveries_are_not_reported_none_is_missed():
    message = taken(GatewayFactory(channel=Channel.EMAIL, provider="smtp", config=SMTP))
    miss_receipts()
    assert standing(message) == AS_IT_WAS
    assert not LeftBehind.objects.exists()


def test_each_label_has_its_own_hours_and_may_leave_such_messages_as_they_are():
    soon = taken(GatewayFactory(label=LabelFactory(receipts={"hours": 2})), 3)
    late = taken(GatewayFactory(label=LabelFactory(receipts={"hours": 100})), 99)
    never = taken(GatewayFactory(label=LabelFactory(receipts={"report": False})), 100)
    miss_receipts()
    assert [standing(each) for each in (soon, late, never)] == [FAILED, AS_IT_WAS, AS_IT_WAS]
    assert not CallbackDelivery.objects.filter(message=never).exists()


def test_whose_time_went_by_while_the_label_told_nothing_stays_as_it_is():
    label = LabelFactory(receipts={"report": False})
    before = taken(GatewayFactory(label=label))
    miss_receipts()
    label.receipts = {}
    label.save()
    miss_receipts()
    assert standing(before) == AS_IT_WAS


def test_the_time_counts_from_when_the_provider_took_it(gateway):
    message = taken(gateway, 70, waited=60)
    assert miss_receipts() == 1
    assert standing(message) == AS_IT_WAS
    SendAttempt.objects.update(finished_at=timezone.now() - 72 * HOUR)
    StatusEvent.objects.update(recorded_at=timezone.now() - 72 * HOUR)
    assert miss_receipts() == 0, "it is not looked at before its time"
    look_later(2.5)
    miss_receipts()
    assert standing(message) == FAILED


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.UNKNOWN])
def test_what_is_not_yet_with_a_provider_has_all_its_time_before_it(gateway, state):
    message = taken(gateway, state=state, status="")
    SendAttempt.objects.all().delete()
    StatusEvent.objects.all().delete()
    miss_receipts()
    assert standing(message) == (state, "")
    wait = LeftBehind.objects.get(stage=Stage.RECEIPT).due_at - timezone.now()
    assert abs(wait - 72 * HOUR) < timedelta(minutes=1)


def test_one_that_a_person_counts_as_sent_is_waited_for_from_then_on(gateway):
    message = taken(gateway, state=State.UNKNOWN, status="")
    SendAttempt.objects.all().update(outcome="unknown")
    StatusEvent.objects.all().delete()
    miss_receipts()
    count_as_sent(Message.objects.all())
    look_later(72)
    miss_receipts()
    assert standing(message) == AS_IT_WAS
    StatusEvent.objects.update(recorded_at=timezone.now() - 73 * HOUR)
    look_later(73)
    miss_receipts()
    assert standing(message) == FAILED


def test_one_that_was_sent_again_is_missed_again_though_the_walk_has_passed_it(gateway):
    message = taken(gateway)
    miss_receipts()
    assert resend(Message.objects.all()) == 1
    SendAttempt.objects.update(finished_at=timezone.now() - 100 * HOUR)
    assert run("send", str(gateway.pk), linger=0) == 1
    assert standing(message) == (State.SENT, Status.FAILED)
    look_later(73)
    assert miss_receipts() == 1
    assert standing(message) == (State.SENT, Status.FAILED), "its time begins anew"
    long_ago = timezone.now() - 73 * HOUR
    SendAttempt.objects.update(finished_at=long_ago)
    StatusEvent.objects.update(recorded_at=long_ago)
    Message.objects.update(requeued_at=long_ago)
    look_later(73)
    miss_receipts()
    assert standing(message) == FAILED
    assert CallbackDelivery.objects.filter(status=Status.FAILED).count() == 1


def test_one_that_was_sent_again_and_counts_as_sent_is_waited_for_from_then_on(gateway):
    message = taken(gateway, 200)
    miss_receipts()
    resend(Message.objects.all())
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    count_as_sent(Message.objects.all())
    look_later(73)
    assert miss_receipts() == 1
    assert standing(message) == (State.SENT, Status.FAILED)
    assert LeftBehind.objects.get().due_at > timezone.now() + 71 * HOUR


def test_a_part_that_never_arrives_fails_the_whole_until_it_does(gateway):
    message = taken(gateway)
    report(message, Status.DELIVERED, part=1, parts=2)
    assert standing(message) == AS_IT_WAS
    miss_receipts()
    assert standing(message) == FAILED
    report(message, Status.DELIVERED, part=2, parts=2)
    assert standing(message) == (State.SENT, Status.DELIVERED)


def test_a_test_and_a_preview_have_failed_like_any_other_and_of_a_test_nobody_is_told(gateway):
    tried = taken(gateway, is_test=True, callback_url=None)
    preview = taken(gateway, activity_type="preview")
    miss_receipts()
    assert (standing(tried), standing(preview)) == (FAILED, FAILED)
    assert [row.message for row in CallbackDelivery.objects.all()] == [preview]


def test_of_a_tombstone_the_receipt_is_missed_too():
    label = LabelFactory(receipts={"hours": 100}, retention={"bodies_days": 1, "events_days": 2})
    message = taken(GatewayFactory(label=label), 101)
    prune_all()
    assert Message.objects.get().pruned_at is not None
    miss_receipts()
    assert standing(message) == FAILED
    assert CallbackDelivery.objects.get().status == Status.FAILED


def test_a_configuration_that_cannot_be_read_is_no_reason_to_fail(gateway):
    message = taken(gateway)
    gateway.provider = "gone"
    gateway.save()
    miss_receipts()
    assert standing(message) == AS_IT_WAS
    gateway.provider = "sandbox"
    gateway.save()
    look_later(6)
    miss_receipts()
    assert standing(message) == FAILED


class Peer:
    """A provider that is asked."""

    def __init__(self) -> None:
        self.answer = Answer(200, {"results": []})

    def __call__(self, asked) -> Answer:
        return self.answer


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
def asked_gateway(peer):
    with http_peer(peer) as server:
        config = at("esputnik", server.url)
        yield GatewayFactory(channel=Channel.SMS, provider="esputnik", config=config)


def poll(gateway) -> None:
    polling.forget()
    SendAttempt.objects.exclude(ask_at=None).update(ask_at=timezone.now())
    run("poll", str(gateway.pk), linger=0)


def test_a_provider_that_can_be_asked_is_asked_before(asked_gateway):
    message = taken(asked_gateway, ask_at=timezone.now())
    miss_receipts()
    assert standing(message) == AS_IT_WAS
    poll(asked_gateway)
    look_later(2)
    miss_receipts()
    assert standing(message) == FAILED


def test_and_what_it_says_then_counts(peer, asked_gateway):
    message = taken(asked_gateway, ask_at=timezone.now())
    miss_receipts()
    result = {"requestId": f"r-{message.pk}", "status": "DELIVERED"}
    peer.answer = Answer(200, {"results": [result]})
    poll(asked_gateway)
    look_later(2)
    miss_receipts()
    assert standing(message) == (State.SENT, Status.DELIVERED)


def test_one_that_does_not_answer_is_waited_for_but_not_for_ever(peer, asked_gateway):
    message = taken(asked_gateway, ask_at=timezone.now())
    peer.answer = Answer(503)
    for _ in range(3):
        poll(asked_gateway)
        miss_receipts()
        look_later(3)
    assert standing(message) == AS_IT_WAS
    SendAttempt.objects.update(finished_at=timezone.now() - 169 * HOUR)
    StatusEvent.objects.update(recorded_at=timezone.now() - 169 * HOUR)
    miss_receipts()
    assert standing(message) == FAILED


def test_one_that_is_silent_for_days_costs_a_message_few_visits(asked_gateway):
    message = taken(asked_gateway, hours=72.5, ask_at=timezone.now())
    visits, hours = 0, 72.5
    while standing(message) == AS_IT_WAS:
        visits += miss_receipts()
        waiting = LeftBehind.objects.first()
        wait = (waiting.due_at - timezone.now()) / HOUR if waiting else 0
        assert 0 <= wait <= 6.1
        hours += wait + 0.001
        look_later(wait + 0.001)
        long_ago = timezone.now() - hours * HOUR
        SendAttempt.objects.update(finished_at=long_ago)
        StatusEvent.objects.filter(status=Status.ACCEPTED).update(recorded_at=long_ago)
    assert standing(message) == FAILED
    assert 168 <= hours < 168.1
    assert 10 < visits < 30


def test_one_that_is_asked_much_later_is_visited_after_that(asked_gateway):
    ask_at = timezone.now() + 4 * HOUR
    taken(asked_gateway, ask_at=ask_at)
    miss_receipts()
    assert LeftBehind.objects.get().due_at >= ask_at + receipts.GRACE


def test_one_that_is_not_asked_any_more_is_not_waited_for(gateway):
    message = taken(gateway, ask_at=timezone.now())
    miss_receipts()
    assert standing(message) == FAILED


def test_what_was_killed_half_way_goes_on_where_it_was(gateway, monkeypatch):
    monkeypatch.setattr(walking, "BATCH", 2)
    messages = [taken(gateway, 80 - number) for number in range(5)]
    fail, calls = receipts.fail, []

    def killed(*args, **values):
        calls.append(args)
        fail(*args, **values)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(receipts, "fail", killed)
    with pytest.raises(KeyboardInterrupt):
        miss_receipts()
    assert [standing(each) for each in messages] == [FAILED] * 2 + [AS_IT_WAS] * 3
    miss_receipts()
    assert [standing(each) for each in messages] == [FAILED] * 5
    assert StatusEvent.objects.filter(status=Status.FAILED).count() == 5
    assert CallbackDelivery.objects.count() == 5


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_come_out_as_one(monkeypatch):
    monkeypatch.setattr(walking, "BATCH", 10)
    gateway = GatewayFactory()
    messages = [taken(gateway, 80) for _ in range(60)]
    start = threading.Barrier(2)

    def tick(_: int) -> None:
        try:
            start.wait()
            for _ in range(10):
                miss_receipts()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(tick, range(2)))
    assert {standing(each) for each in messages} == {FAILED}
    assert StatusEvent.objects.filter(status=Status.FAILED).count() == len(messages)
    assert CallbackDelivery.objects.count() == len(messages)


def test_a_batch_costs_the_same_however_many_are_missed(gateway):
    """Constant in statements: what is missed is failed together."""
    costs = []
    for how_many in (2, 40):
        for _ in range(how_many):
            taken(gateway)
        with CaptureQueriesContext(connection) as queries:
            assert miss_receipts() == how_many
        costs.append(len(queries))
    assert costs[1] <= costs[0] + 2


def test_a_round_with_nothing_to_do_is_a_handful_of_looks(gateway):
    taken(gateway, 1)
    miss_receipts()
    with CaptureQueriesContext(connection) as queries:
        assert miss_receipts() == 0
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert len(queries) <= 5
