"""Workers killed at every point of a message's way, and the ledgers of those they talked to.

The workers are processes of their own. The provider and Smartico count what reaches them.
"""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from callbacks import reporting
from callbacks.models import CallbackDelivery, Settlement
from callbacks.reporting import ReportWork
from gateway_project.lib.draining import run
from gateway_project.lib.session import Request
from gateway_project.lib.vocabulary import Channel
from messages_app import sending, settling
from messages_app.housekeeping import take_back_lost_leases
from messages_app.models import Message, State
from messages_app.sending import SendWork
from tests import factories
from tests.gateways.providers.examples import at
from tests.operations.surroundings import wait_until
from tests.peers import Answer, Asked, http_peer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

FORK = multiprocessing.get_context("fork")
Worker = multiprocessing.context.ForkProcess
MESSAGES = 3

POINTS = {
    "before the claim": (sending, "lease_at_once"),
    "after the claim": (SendWork, "start"),
    "before the request is written": (Request, "send"),
    "after the answer": (SendWork, "settle"),
    "before the commit": (settling, "_pause_misconfigured"),
    "before a callback is claimed": (reporting, "claim_due"),
    "before a callback is written": (ReportWork, "start"),
    "after the callback's answer": (ReportWork, "settle"),
}
"""Whoever comes to these functions is killed."""
IN_THE_AIR = "while the answer is waited for"
OF_SENDING = [
    *("before the claim", "after the claim", "before the request is written"),
    *(IN_THE_AIR, "after the answer", "before the commit"),
]
OF_REPORTING = [
    *("before a callback is claimed", "before a callback is written"),
    *(IN_THE_AIR, "after the callback's answer"),
]


def kill_myself(*given: object, **more: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(point: str | None) -> None:
    """The whole life of a worker's process."""
    if point in POINTS:
        setattr(*POINTS[point], kill_myself)
    call_command("worker", processes=1)


@contextmanager
def worker(point: str | None = None) -> Iterator[Worker]:
    connections.close_all()  # or the child would share the socket
    process = FORK.Process(target=work, args=(point,))
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(40)
        process.close()


class Peer:
    """Who is called, and how often about what. Kills the worker that calls it when told to."""

    def __init__(self, name_of: Callable[[Asked], str], answer: Callable[[str], dict]) -> None:
        self.name_of, self.answer = name_of, answer
        self.ledger: Counter[str] = Counter()
        self.victim: int | None = None

    def __call__(self, asked: Asked) -> Answer:
        name = self.name_of(asked)
        self.ledger[name] += 1
        victim, self.victim = self.victim, None
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
        return Answer(body=self.answer(name))


@pytest.fixture
def provider() -> Peer:
    return Peer(lambda asked: asked.json["ref"], lambda name: {"data": {"id": f"p-{name}"}})


@pytest.fixture
def smartico() -> Peer:
    return Peer(lambda asked: asked.query["ext_message_id"], lambda name: {"error_code": 0})


@pytest.fixture
def queue(provider, smartico) -> Iterator[Callable[..., list[Message]]]:
    """Queues messages at a gateway of their own."""
    with ExitStack() as peers:
        there, smarticos = (peers.enter_context(http_peer(each)) for each in (provider, smartico))
        label = factories.LabelFactory(callback_hosts=[smarticos.url])

        def queue(*, is_idempotent: bool) -> list[Message]:
            config = at("http_api", there.url) | {"is_idempotent": is_idempotent}
            gateway = factories.GatewayFactory(
                label=label, channel=Channel.SMS, provider="http_api", config=config
            )
            make = partial(factories.MessageFactory, label=label, gateway=gateway)
            return [make(callback_url=f"{smarticos.url}/status") for _ in range(MESSAGES)]

        yield queue


def let_leases_run_out() -> None:
    """They end within the minute; the clock then finds whoever held them lost."""
    now = timezone.now()
    held = Message.objects.filter(state=State.SENDING)
    told = CallbackDelivery.objects.exclude(lease=None)
    for rows, longest in ((held, sending.LEASE), (told, reporting.LEASE)):
        assert not rows.filter(lease_until__gt=now + longest).exists()
        rows.update(lease_until=now)
    take_back_lost_leases()


def kill_a_worker(point: str, asked: Peer) -> None:
    with worker(point) as doomed:
        if point == IN_THE_AIR:
            asked.victim = doomed.pid
        doomed.join(30)
        assert doomed.exitcode == -signal.SIGKILL


def let_another_finish() -> None:
    let_leases_run_out()
    with worker():
        wait_until(is_all_settled)


def is_all_settled() -> bool:
    under_way = Message.objects.filter(state__in=(State.QUEUED, State.SENDING))
    return not under_way.exists() and not CallbackDelivery.objects.owed().exists()


def states_of(messages: list[Message]) -> set[str]:
    return {Message.objects.get(pk=each.pk).state for each in messages}


@pytest.mark.parametrize("point", OF_SENDING)
def test_what_a_killed_worker_was_sending_is_sent_or_parked_and_never_goes_twice(
    point, queue, provider, smartico
):
    repeatable = queue(is_idempotent=True)
    kill_a_worker(point, provider)
    others = queue(is_idempotent=False)
    kill_a_worker(point, provider)
    let_another_finish()

    assert states_of(repeatable) == {State.SENT}
    assert all(provider.ledger[str(message.pk)] for message in repeatable)
    was_claimed = point != "before the claim"
    assert states_of(others) == {State.UNKNOWN if was_claimed else State.SENT}
    assert all(provider.ledger[str(message.pk)] <= 1 for message in others)
    sent = repeatable if was_claimed else [*repeatable, *others]
    assert smartico.ledger == Counter(str(message.pk) for message in sent)


@pytest.mark.parametrize("point", OF_REPORTING)
def test_what_a_killed_worker_was_telling_is_told_and_settled_once(
    point, queue, provider, smartico
):
    messages = queue(is_idempotent=False)
    run("send", str(messages[0].gateway_id), linger=0)
    kill_a_worker(point, smartico)
    let_another_finish()

    assert provider.ledger == Counter(str(message.pk) for message in messages)
    assert smartico.ledger.keys() == provider.ledger.keys()
    settled = CallbackDelivery.objects.values_list("settlement", "attempts")
    assert list(settled) == [(Settlement.ACKNOWLEDGED, 1)] * MESSAGES
