"""Gateways whose providers do not answer, and what becomes of their messages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways import breakers, configuration
from gateways.circuits import FAILURES_TO_OPEN, Calls
from gateways.models import Breaker, Gateway
from gateways.providers.custom_im_http import CustomImHttp
from messages_app import housekeeping
from messages_app.housekeeping import move_from_unusable_gateways
from messages_app.models import Message, SendAttempt, State
from messages_app.sending import due_gateways
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.house import build_house
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _looked_at_from_the_beginning(monkeypatch):
    monkeypatch.setattr(housekeeping, "_reached", {})


def gateway_at(url: str, **changes) -> Gateway:
    return GatewayFactory(
        channel=Channel.CUSTOM_IM, provider="custom_im_http", config={"url": url}, **changes
    )


def queued(gateway: Gateway, **changes) -> Message:
    content = {"ext_user_id": "user-1", "body": "Best offer ever", "im_uid": "uid-1"}
    values = {"label": gateway.label, "gateway": gateway, "channel": gateway.channel}
    return MessageFactory(**(values | {"content": content} | changes))


def drain(gateway: Gateway) -> int:
    breakers.forget()
    return run("send", str(gateway.pk), linger=0)


def broken(url: str = NOBODY, **changes) -> Gateway:
    gateway = gateway_at(url, **changes)
    Breaker.objects.create(
        gateway=gateway,
        failures=FAILURES_TO_OPEN,
        openings=1,
        opened_at=timezone.now(),
        retry_at=timezone.now() + timedelta(minutes=5),
        reason="connection refused",
    )
    breakers.forget()
    return gateway


def note_rest(gateway: Gateway, seconds: float = 60) -> None:
    breakers.note([Calls(gateway_id=gateway.pk, rest=seconds)], timezone.now())
    breakers.forget()


def let_it_be_tried(gateway: Gateway) -> None:
    breakers.try_now([gateway.pk], timezone.now())


def test_a_provider_that_does_not_answer_is_left_alone():
    gateway = gateway_at(NOBODY)
    first = [queued(gateway) for _ in range(FAILURES_TO_OPEN)]
    drain(gateway)
    later = queued(gateway)
    breakers.forget()
    assert due_gateways() == []
    assert drain(gateway) == 0
    later.refresh_from_db()
    assert (later.attempts, later.state) == (0, State.QUEUED)
    assert SendAttempt.objects.count() == len(first)


def test_one_message_is_tried_and_the_rest_follow_when_it_gets_through():
    with http_peer(lambda asked: Answer(body={"error_code": 0})) as peer:
        gateway = broken(peer.url)
        for _ in range(3):
            queued(gateway)
        assert drain(gateway) == 0
        let_it_be_tried(gateway)
        assert drain(gateway) == 3
        assert len(peer.asked) == 3
    assert Breaker.objects.get().opened_at is None


def test_a_probe_that_fails_is_the_only_message_that_was_tried():
    with http_peer(lambda asked: Answer(status=500)) as peer:
        gateway = broken(peer.url)
        for _ in range(3):
            queued(gateway)
        let_it_be_tried(gateway)
        drain(gateway)
        drain(gateway)
        assert len(peer.asked) == 1
    row = Breaker.objects.get()
    assert (row.openings, row.is_probing) == (2, False)
    assert row.retry_at > timezone.now() + timedelta(seconds=30)


def test_a_provider_that_asks_for_fewer_calls_is_not_taken_for_broken():
    for headers in ({}, {"Retry-After": "1"}):
        with http_peer(lambda asked, h=headers: Answer(status=429, headers=h)) as peer:
            gateway = gateway_at(peer.url)
            for _ in range(2 * FAILURES_TO_OPEN):
                queued(gateway)
            drain(gateway)
    assert not Breaker.objects.filter(opened_at__isnull=False).exists()


@pytest.mark.parametrize(("code", "is_broken"), [("7006", True), ("7020", False)])
def test_an_internal_error_of_webex_connect_opens_the_breaker_and_its_limit_does_not(
    code, is_broken
):
    refusal = Answer(400, {"code": code, "message": "..."})
    with http_peer(lambda asked: refusal) as peer:
        gateway = GatewayFactory(
            provider="webex_connect",
            config={"base_url": peer.url, "service_key": "the-service-key"},
            from_default="Amazing",
        )
        for _ in range(FAILURES_TO_OPEN):
            queued(gateway, end_user=EndUserFactory(label=gateway.label, phone="+4915112345678"))
        drain(gateway)

    assert Breaker.objects.filter(opened_at__isnull=False).exists() == is_broken


def test_refused_messages_show_a_provider_that_answers():
    with http_peer(lambda asked: Answer(body={"error_code": 7})) as peer:
        gateway = gateway_at(peer.url)
        for _ in range(2 * FAILURES_TO_OPEN):
            queued(gateway)
        drain(gateway)
    assert not Breaker.objects.exists()


def test_what_waits_moves_to_the_next_that_answers_and_the_parked_stays():
    gateway = broken()
    spare = gateway_at(NOBODY, label=gateway.label)
    waiting = [queued(gateway, due_at=timezone.now() + timedelta(hours=1)) for _ in range(3)]
    parked = queued(gateway, state=State.UNKNOWN)
    assert move_from_unusable_gateways() == 3
    for message in waiting:
        message.refresh_from_db()
        assert message.gateway == spare
        assert message.due_at <= timezone.now()
    parked.refresh_from_db()
    assert parked.gateway == gateway


def test_nothing_moves_to_a_gateway_that_is_broken_too():
    gateway = broken()
    broken(label=gateway.label)
    queued(gateway)
    assert move_from_unusable_gateways() == 0


def test_all_of_them_are_looked_at_over_time_though_the_first_ones_cannot_move(monkeypatch):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "BUSY_SECONDS", 0)
    gateway = broken()
    gateway_at(NOBODY, label=gateway.label, filters={"country": ["SE"]})
    start = timezone.now() - timedelta(minutes=1)
    for number in range(5):
        message = queued(gateway, due_at=start + timedelta(seconds=number))
        if number >= 3:
            message.end_user.properties = {"country": "SE"}
            message.end_user.save()
    assert [move_from_unusable_gateways() for _ in range(4)] == [0, 1, 1, 0]


def test_many_that_wait_move_batch_after_batch_and_do_not_trickle(monkeypatch):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "BUSY_SECONDS", 60)
    gateway = broken()
    spare = gateway_at(NOBODY, label=gateway.label)
    for due_at in (timezone.now(), timezone.now() - timedelta(minutes=1)):
        for _ in range(3):
            queued(gateway, due_at=due_at)
    assert move_from_unusable_gateways() == 6
    assert Message.objects.filter(gateway=spare).count() == 6


def test_an_account_that_was_refused_loses_its_messages_and_one_that_a_person_paused_keeps_them():
    faulty = gateway_at(NOBODY, is_paused=True, paused_because="HTTP 401")
    paused = gateway_at(NOBODY, is_paused=True, label=faulty.label)
    spare = gateway_at(NOBODY, label=faulty.label)
    moves, stays = queued(faulty), queued(paused)
    assert move_from_unusable_gateways() == 1
    moves.refresh_from_db()
    stays.refresh_from_db()
    assert (moves.gateway, stays.gateway) == (spare, paused)


def test_a_new_message_takes_the_next_gateway_while_the_best_does_not_answer():
    house = build_house()
    best = house.gateways[Channel.SMS]
    Breaker.objects.create(gateway=best, failures=9, opened_at=timezone.now())
    breakers.forget()
    assert house.accepted(im_uid="only").gateway == best
    spare = GatewayFactory(label=house.label, channel=Channel.SMS)
    message = house.accepted(im_uid="another")
    assert message.gateway == spare
    assert message.chosen_because == f"{spare.name}: {best.name} is not answering"


def test_a_gateway_that_others_stand_in_for_is_tried_again_by_a_new_message():
    house = build_house()
    best = house.gateways[Channel.SMS]
    spare = GatewayFactory(label=house.label, channel=Channel.SMS)
    Breaker.objects.create(
        gateway=best, failures=9, opened_at=timezone.now(), retry_at=timezone.now()
    )
    breakers.forget()
    assert house.accepted(im_uid="the one that tries it").gateway == best
    assert breakers.take_probe(best.pk, timezone.now())
    assert house.accepted(im_uid="one that comes meanwhile").gateway == spare
    assert drain(best) == 0
    assert move_from_unusable_gateways() == 1


class TestWhatMayHaveLeftAlready:
    """A provider that knows a repeat again is asked to send anew what it did not answer."""

    def unanswered(self, gateway: Gateway, **changes) -> Message:
        message = queued(gateway, **({"attempts": 1} | changes))
        SendAttempt.objects.create(
            message=message,
            gateway=gateway,
            number=1,
            outcome="unknown",
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
        return message

    def test_does_not_move_to_another_gateway(self):
        gateway = broken()
        spare = gateway_at(NOBODY, label=gateway.label)
        doubtful, free = self.unanswered(gateway), queued(gateway, attempts=1)
        assert move_from_unusable_gateways() == 1
        doubtful.refresh_from_db()
        free.refresh_from_db()
        assert (doubtful.gateway, free.gateway) == (gateway, spare)

    def test_moves_where_the_operator_has_said_that_it_may_go_twice(self):
        gateway = broken(on_unknown="repeat")
        spare = gateway_at(NOBODY, label=gateway.label)
        message = self.unanswered(gateway)
        assert move_from_unusable_gateways() == 1
        message.refresh_from_db()
        assert message.gateway == spare

    def test_moves_where_a_person_has_queued_it_anew_since(self):
        gateway = broken()
        gateway_at(NOBODY, label=gateway.label)
        self.unanswered(gateway, requeued_at=timezone.now() + timedelta(seconds=1))
        assert move_from_unusable_gateways() == 1

    def test_stays_when_its_repeat_does_not_get_through(self):
        gateway = gateway_at(NOBODY)
        spare = gateway_at(NOBODY, label=gateway.label)
        doubtful, free = self.unanswered(gateway), queued(gateway, attempts=1)
        drain(gateway)
        doubtful.refresh_from_db()
        free.refresh_from_db()
        assert (doubtful.gateway, doubtful.state) == (gateway, State.QUEUED)
        assert doubtful.due_at > timezone.now()
        assert free.gateway == spare


class TestOneThatAsksForARest:
    """Retry-After is about the provider: all of its messages obey, and whoever routes new ones."""

    def asks_for(self, seconds: int):
        return lambda asked: Answer(status=429, headers={"Retry-After": str(seconds)})

    def test_is_asked_once_while_the_next_takes_what_waits(self, monkeypatch):
        monkeypatch.setattr(CustomImHttp, "concurrency", 1)
        with (
            http_peer(self.asks_for(600)) as busy,
            http_peer(lambda asked: Answer(body={"error_code": 0})) as free,
        ):
            gateway = gateway_at(busy.url)
            spare = gateway_at(free.url, label=gateway.label)
            for _ in range(4):
                queued(gateway)
            drain(gateway)
            assert move_from_unusable_gateways() == 3
            drain(gateway)
            drain(spare)
            assert (len(busy.asked), len(free.asked)) == (1, 4)
        assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}

    def test_gets_no_new_message_where_another_fits(self):
        house = build_house()
        best = house.gateways[Channel.SMS]
        note_rest(best)
        assert house.accepted(im_uid="it is the only one").gateway == best
        spare = GatewayFactory(label=house.label, channel=Channel.SMS)
        message = house.accepted(im_uid="there is another")
        assert message.gateway == spare
        assert message.chosen_because == f"{spare.name}: {best.name} has asked for a rest"
        breakers.try_now([best.pk], timezone.now())
        assert house.accepted(im_uid="it rests no longer").gateway == best

    def test_holds_its_messages_where_no_other_fits(self):
        gateway = gateway_at(NOBODY)
        message = queued(gateway)
        note_rest(gateway)
        assert due_gateways() == []
        assert drain(gateway) == 0
        assert move_from_unusable_gateways() == 0
        message.refresh_from_db()
        assert (message.gateway, message.attempts) == (gateway, 0)

    def test_keeps_what_was_tried_already_until_its_next_try(self):
        gateway = gateway_at(NOBODY)
        spare = gateway_at(NOBODY, label=gateway.label)
        later = timezone.now() + timedelta(seconds=30)
        tried, new = queued(gateway, attempts=2, due_at=later), queued(gateway)
        note_rest(gateway)
        assert move_from_unusable_gateways() == 1
        tried.refresh_from_db()
        new.refresh_from_db()
        assert (tried.gateway, tried.due_at) == (gateway, later)
        assert new.gateway == spare

    def test_makes_no_message_wait_that_goes_to_another_next(self):
        """The second asks for ten minutes, but the first may be asked again before."""
        first = gateway_at(NOBODY)
        with http_peer(self.asks_for(600)) as busy:
            second = gateway_at(busy.url, label=first.label)
            message = queued(second)
            drain(second)
        message.refresh_from_db()
        assert message.gateway == first
        assert message.due_at < timezone.now() + timedelta(seconds=10)

    def test_is_not_handed_the_message_back_by_the_next_that_asks_for_one_too(self):
        with http_peer(self.asks_for(600)) as busy, http_peer(self.asks_for(600)) as busy_too:
            first = gateway_at(busy.url)
            second = gateway_at(busy_too.url, label=first.label)
            message = queued(first)
            for _ in range(3):
                drain(first)
                drain(second)
                move_from_unusable_gateways()
            assert (len(busy.asked), len(busy_too.asked)) == (1, 1)
        message.refresh_from_db()
        assert (message.state, message.attempts) == (State.QUEUED, 2)


def test_two_that_do_not_answer_do_not_play_ping_pong():
    first = gateway_at(NOBODY)
    second = gateway_at(NOBODY, label=first.label)
    message = queued(first)
    for _ in range(4):
        drain(first)
        drain(second)
    message.refresh_from_db()
    assert message.attempts == 2
    assert message.due_at > timezone.now()


def test_a_message_that_cannot_be_made_ready_says_nothing_of_the_provider():
    gateway = gateway_at(NOBODY)
    for _ in range(2 * FAILURES_TO_OPEN):
        queued(gateway, end_user=None)
    drain(gateway)
    assert not Breaker.objects.exists()


def held_by(kind: str, gateway: Gateway) -> Gateway:
    values = {"guard": {"paused_because": "blast guard: 9", "is_held_by_guard": True}}
    changes = {"is_paused": True} | values.get(kind, {})
    Gateway.objects.filter(pk=gateway.pk).update(**changes)
    configuration.forget_now()
    return gateway


@pytest.mark.parametrize("kind", ["person", "guard"])
@pytest.mark.parametrize("is_broken", [True, False], ids=["broken", "resting"])
def test_what_is_paused_keeps_its_messages_whatever_its_provider_does(kind, is_broken):
    gateway = held_by(kind, broken() if is_broken else gateway_at(NOBODY))
    if not is_broken:
        note_rest(gateway)
    gateway_at(NOBODY, label=gateway.label)
    message = queued(gateway)
    assert move_from_unusable_gateways() == 0
    message.refresh_from_db()
    assert message.gateway_id == gateway.pk


def test_a_paused_gateway_that_is_taken_out_of_use_gives_its_messages_away():
    gateway = held_by("person", gateway_at(NOBODY, is_active=False))
    spare = gateway_at(NOBODY, label=gateway.label)
    message = queued(gateway)
    assert move_from_unusable_gateways() == 1
    message.refresh_from_db()
    assert message.gateway_id == spare.pk
