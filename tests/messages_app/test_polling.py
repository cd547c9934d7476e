"""Asking a provider what became of messages, with a real server over there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gateway_project.lib.draining import DRAINS, run
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel, Status
from messages_app import polling
from messages_app.models import (
    InboxEntry,
    Message,
    SendAttempt,
    State,
    StatusEvent,
    Wait,
    WordMapping,
)
from messages_app.polling import PollWork, due_gateways
from messages_app.words import normal_word, reopen
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.examples import at
from tests.peers import Answer, Asked, http_peer

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=2)


class ESputnikPeer:
    """Answers with what `words` say of an id, with 400 where a `poison` is among them."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.poison: set[str] = set()
        self.instead: Answer | None = None

    def __call__(self, asked: Asked) -> Answer:
        if self.instead is not None:
            return self.instead
        ids = asked.query["ids"].split(",")
        if self.poison & set(ids):
            return Answer(400, "unknown id")
        known = [each for each in ids if each in self.words]
        return Answer(
            200, {"results": [{"requestId": each, "status": self.words[each]} for each in known]}
        )


@pytest.fixture
def answers():
    return ESputnikPeer()


@pytest.fixture
def peer(answers):
    with http_peer(answers) as peer:
        yield peer


@pytest.fixture
def gateway(peer):
    return GatewayFactory(channel=Channel.SMS, provider="esputnik", config=at("esputnik", peer.url))


def taken(gateway, provider_id: str, age: timedelta = SOON, **changes) -> Message:
    values = {"state": State.SENT, "status": Status.ACCEPTED, "due_at": None, "attempts": 1}
    message = MessageFactory(gateway=gateway, label=gateway.label, **(values | changes))
    moment = timezone.now() - age
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=provider_id,
        started_at=moment,
        finished_at=moment,
        ask_at=timezone.now() - timedelta(seconds=1),
    )
    return message


def poll(gateway) -> int:
    return run("poll", str(gateway.pk), linger=0)


def asked_next(provider_id: str) -> timedelta | None:
    """In how long a message is asked about again."""
    moment = SendAttempt.objects.get(provider_id=provider_id).ask_at
    return moment and moment - timezone.now()


def in_about(wait: timedelta | None, seconds: float) -> bool:
    return wait is not None and abs(wait.total_seconds() - seconds) < 10


def learnt(message: Message) -> set[str]:
    return set(StatusEvent.objects.filter(message=message).values_list("status", flat=True))


def explain(word: str, gateway, status: Status) -> None:
    """What a person does on the page of the inbox."""
    values = {"label": gateway.label, "provider": gateway.provider, "status": status}
    mapping = WordMapping(word=normal_word(word), **values)
    with writing():
        reopen(mapping, timezone.now() - timedelta(seconds=1))
        mapping.save()


def test_a_taken_message_is_to_be_asked_about(answers, gateway):
    answers.instead = Answer(200, {"results": {"status": "OK", "requestId": "r-1"}})
    user = EndUserFactory(label=gateway.label, phone="+4915112345678")
    gateway.from_default = "Amazing"
    gateway.save()
    MessageFactory(
        label=gateway.label,
        gateway=gateway,
        end_user=user,
        channel=Channel.SMS,
        content={"ext_user_id": "u", "body": "Best offer ever"},
    )

    assert run("send", str(gateway.pk), linger=0) == 1

    assert in_about(asked_next("r-1"), 30)
    assert due_gateways() == []


def test_a_message_without_an_id_of_the_provider_is_not_asked_about(answers, peer):
    gateway = GatewayFactory(
        channel=Channel.CUSTOM_IM, provider="esputnik", config=at("esputnik", peer.url)
    )
    answers.instead = Answer(200, b"")
    MessageFactory(
        label=gateway.label,
        gateway=gateway,
        end_user=EndUserFactory(label=gateway.label),
        channel=Channel.CUSTOM_IM,
        content={"ext_user_id": "u", "body": "Best offer ever", "extension": {}},
    )

    assert run("send", str(gateway.pk), linger=0) == 1

    attempt = SendAttempt.objects.get()
    assert (attempt.outcome, attempt.ask_at) == ("accepted", None)


def test_what_the_provider_tells_is_learnt_and_asked_about_on(answers, peer, gateway):
    delivered, failed, silent = (taken(gateway, f"r-{number}") for number in range(3))
    answers.words = {"r-0": "DELIVERED", "r-1": "UNDELIVERED"}

    assert due_gateways() == [str(gateway.pk)]
    assert poll(gateway) == 1

    (asked,) = peer.asked
    assert (asked.method, asked.path) == ("GET", "/v1/message/status")
    assert set(asked.query["ids"].split(",")) == {"r-0", "r-1", "r-2"}
    assert learnt(delivered) == {Status.DELIVERED}
    assert learnt(failed) == {Status.FAILED}
    assert learnt(silent) == set()
    assert in_about(asked_next("r-0"), 58 * 60)
    assert asked_next("r-1") is None
    assert in_about(asked_next("r-2"), 3 * 60)
    assert due_gateways() == []


def test_an_opened_message_is_asked_about_until_it_is_clicked(answers, gateway):
    message = taken(gateway, "r-1", age=timedelta(hours=7), status=Status.OPENED)
    answers.words = {"r-1": "CLICKED"}

    poll(gateway)

    assert Status.CLICKED in learnt(message)
    assert asked_next("r-1") is None


def test_after_three_days_nobody_asks_any_more(gateway):
    taken(gateway, "r-1", age=timedelta(hours=72))

    poll(gateway)

    assert asked_next("r-1") is None


def test_as_long_as_the_label_waits_for_receipts_it_is_asked_about(gateway):
    gateway.label.receipts = {"hours": 80}
    gateway.label.save()
    taken(gateway, "r-1", age=timedelta(hours=72))

    poll(gateway)

    assert in_about(asked_next("r-1"), 8 * 3600)


def test_what_a_webhook_told_meanwhile_counts(gateway):
    taken(gateway, "r-1", status=Status.FAILED, state=State.FAILED)

    poll(gateway)

    assert asked_next("r-1") is None


def test_a_batch_holds_as_many_ids_as_the_provider_takes(peer, gateway):
    for number in range(120):
        taken(gateway, f"r-{number}")

    assert poll(gateway) == 3

    sizes = sorted(len(asked.query["ids"].split(",")) for asked in peer.asked)
    assert sizes == [20, 50, 50]


def test_an_id_that_spoils_its_batch_does_not_block_the_others(answers, peer, gateway):
    messages = {f"r-{number}": taken(gateway, f"r-{number}") for number in range(9)}
    answers.words = dict.fromkeys(messages, "DELIVERED")
    answers.poison = {"r-3", "r-7"}

    poll(gateway)

    for provider_id, message in messages.items():
        is_poison = provider_id in answers.poison
        assert learnt(message) == (set() if is_poison else {Status.DELIVERED})
        assert in_about(asked_next(provider_id), 3 * 60 if is_poison else 58 * 60)
    assert len(peer.asked) < 2 * len(messages)


def test_what_nobody_asked_about_is_left_aside(answers, gateway):
    other = taken(gateway, "r-other")
    SendAttempt.objects.update(ask_at=None)
    taken(gateway, "r-1")
    results = [{"requestId": each, "status": "DELIVERED"} for each in ("r-other", "r-none", "r-1")]
    answers.instead = Answer(200, {"results": results})

    poll(gateway)

    assert learnt(other) == set()
    assert not InboxEntry.objects.exists()


def test_a_word_that_nobody_knows_stands_in_the_inbox_once_for_each_message(answers, gateway):
    messages = [taken(gateway, f"r-{number}") for number in range(3)]
    answers.words = {f"r-{number}": "TELE\x00PORTED" for number in range(3)}

    for _ in range(3):
        SendAttempt.objects.update(ask_at=timezone.now() - timedelta(seconds=1))
        poll(gateway)

    entries = InboxEntry.objects.all()
    assert sorted(entry.provider_id.reveal() for entry in entries) == ["r-0", "r-1", "r-2"]
    assert {entry.waits_for for entry in entries} == {Wait.A_MAPPING}
    assert "PORTED" in entries[0].word
    assert [learnt(message) for message in messages] == [set()] * 3
    assert in_about(asked_next("r-0"), 3 * 60)


def test_a_word_that_a_person_explains_is_recorded_for_those_it_was_said_of(answers, gateway):
    early, late = taken(gateway, "r-0"), taken(gateway, "r-1")
    answers.words = {"r-0": "TELEPORTED"}
    poll(gateway)

    explain("TELEPORTED", gateway, Status.DELIVERED)
    run("inbox", "all", linger=0)
    assert (learnt(early), learnt(late)) == ({Status.DELIVERED}, set())
    assert not InboxEntry.objects.filter(applied_at=None).exists()

    answers.words["r-1"] = "Teleported"
    SendAttempt.objects.update(ask_at=timezone.now() - timedelta(seconds=1))
    poll(gateway)
    assert learnt(late) == {Status.DELIVERED}
    assert InboxEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (Answer(503), 60),
        (Answer(429, headers={"Retry-After": "300"}), 300),
        (Answer(200, "<html>"), 60),
        (Answer(hang_up=True), 60),
        (Answer(302, headers={"Location": "/"}), 3600),
        (Answer(401), 3600),
        (Answer(403), 3600),
    ],
)
def test_a_provider_that_does_not_answer_is_left_in_peace_and_asked_later(
    answers, peer, gateway, answer, wait
):
    message = taken(gateway, "r-1")
    answers.instead = answer

    poll(gateway)
    taken(gateway, "r-2")

    assert in_about(asked_next("r-1"), wait)
    assert due_gateways() == []
    assert poll(gateway) == 0
    assert len(peer.asked) == 1

    answers.instead, answers.words = None, {"r-1": "DELIVERED"}
    polling.forget()
    SendAttempt.objects.update(ask_at=timezone.now())
    poll(gateway)
    assert learnt(message) == {Status.DELIVERED}


def test_a_provider_that_is_down_for_days_loses_nothing(answers, gateway):
    taken(gateway, "r-1", age=timedelta(hours=80))
    answers.instead = Answer(503)

    poll(gateway)

    assert in_about(asked_next("r-1"), 60)


def test_a_refused_account_is_told_of_once(answers, gateway, caplog):
    answers.instead = Answer(401, "no such key")
    taken(gateway, "r-1")
    for _ in range(3):
        polling._silent_until.clear()
        SendAttempt.objects.update(ask_at=timezone.now())
        poll(gateway)

    gateway.refresh_from_db()
    told = [record for record in caplog.records if "refuses to tell" in record.getMessage()]
    assert len(told) == 1
    assert "no such key" not in caplog.text
    assert not gateway.is_paused


def test_a_paused_gateway_is_asked_all_the_same(answers, gateway):
    message = taken(gateway, "r-1")
    gateway.is_paused = True
    gateway.save()
    answers.words = {"r-1": "DELIVERED"}

    poll(gateway)

    assert learnt(message) == {Status.DELIVERED}


def test_what_a_killed_worker_had_claimed_is_asked_about_after_its_lease(gateway):
    taken(gateway, "r-1")

    (question,) = PollWork(str(gateway.pk)).claim(4)
    assert PollWork(str(gateway.pk)).claim(4) == []
    assert in_about(asked_next("r-1"), polling.LEASE.total_seconds())

    SendAttempt.objects.update(ask_at=timezone.now())
    PollWork(str(gateway.pk)).renew([question])
    assert in_about(asked_next("r-1"), polling.LEASE.total_seconds())


def test_a_provider_that_is_not_to_be_asked_is_not(gateway):
    taken(GatewayFactory(channel=Channel.SMS, provider="sandbox"), "r-1")

    assert due_gateways() == []


def test_the_drain_is_looked_after_once_a_second():
    assert DRAINS["poll"].look_every == 1.0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_about_each_message_once(answers, peer, gateway):
    messages = [taken(gateway, f"r-{number}") for number in range(400)]
    answers.words = {f"r-{number}": "DELIVERED" for number in range(400)}
    start = threading.Barrier(2)

    def work(_: int) -> int:
        try:
            start.wait()
            return poll(gateway)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, range(2)))

    asked = [each for one in peer.asked for each in one.query["ids"].split(",")]
    assert sorted(asked) == sorted(answers.words)
    assert StatusEvent.objects.filter(status=Status.DELIVERED).count() == len(messages)
    assert due_gateways() == []
