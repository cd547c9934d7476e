"""The limits of one `worker` command, which its processes share."""

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from callbacks import easing
from callbacks.easing import room_of
from callbacks.reporting import ReportWork
from gateway_project.lib import shares
from gateway_project.lib.shares import part_of
from gateway_project.lib.vocabulary import Channel
from gateway_project.management.commands import worker
from gateway_project.operations.doctor.capacity import OF_WORKER
from gateway_project.operations.processes import Processes, manage
from gateway_project.operations.pulse import alive
from gateways.pacing import AHEAD, claimed_ahead
from gateways.providers.base import BlockingProvider, HttpProvider
from messages_app.models import Message, State
from messages_app.polling import BATCHES_IN_THE_AIR, PollWork
from messages_app.relaying.draining import CALLS_IN_THE_AIR, RelayWork
from messages_app.sending import SendWork
from tests.factories import GatewayFactory, LabelFactory, MessageFactory
from tests.gateways.providers.examples import CONFIGS, at
from tests.operations.surroundings import database_url, environment, free_port, wait_until
from tests.peers import Answer, Asked, http_peer
from users.directories.refreshing import IN_THE_AIR, RefreshWork


@pytest.fixture
def one_of_four(monkeypatch):
    monkeypatch.setattr(shares, "_sharers", 4)


@pytest.fixture
def places():
    """How many calls each kind of drain may have in the air, as a process sees it that starts."""
    room_of.cache_clear()

    def places() -> dict[str, int]:
        works = {
            "http": SendWork(str(gateway_of("http_api").pk)),
            "smtp": SendWork(str(gateway_of("smtp").pk)),
            "callbacks": ReportWork(f"{LabelFactory().pk}/https://there"),
            "polling": PollWork("1"),
            "relays": RelayWork("1"),
            "directory": RefreshWork("1"),
        }
        return {name: work.concurrency for name, work in works.items()}

    yield places
    room_of.cache_clear()


def gateway_of(provider: str, **values: object):
    channel = Channel.EMAIL if provider == "smtp" else Channel.SMS
    return GatewayFactory(channel=channel, provider=provider, config=CONFIGS[provider], **values)


@pytest.mark.django_db
def test_who_works_alone_has_all_of_a_limit(places):
    assert places() == {
        "http": HttpProvider.concurrency,
        "smtp": BlockingProvider.concurrency,
        "callbacks": easing.MOST,
        "polling": BATCHES_IN_THE_AIR,
        "relays": CALLS_IN_THE_AIR,
        "directory": IN_THE_AIR,
    }


@pytest.mark.django_db
def test_one_of_four_processes_has_a_quarter_of_every_limit(places, one_of_four):
    assert places() == {
        "http": HttpProvider.concurrency // 4,
        "smtp": BlockingProvider.concurrency // 4,
        "callbacks": easing.MOST // 4,
        "polling": BATCHES_IN_THE_AIR // 4,
        "relays": CALLS_IN_THE_AIR // 4,
        "directory": IN_THE_AIR // 4,
    }


@pytest.mark.django_db
def test_one_of_four_processes_keeps_a_quarter_of_the_connections(one_of_four):
    gateway = gateway_of("smtp", rate_per_second=1_000)
    work = SendWork(str(gateway.pk))
    assert work.threads._max_workers == BlockingProvider.concurrency // 4


def test_what_waits_for_its_moment_is_shared_too(one_of_four):
    assert claimed_ahead(400) == 400 * AHEAD / timedelta(seconds=4)
    assert claimed_ahead(None) == 0


def test_a_limit_smaller_than_the_number_of_processes_leaves_each_one(one_of_four):
    assert part_of(3) == 1


class Parted(Exception):
    """The process would go on as several."""


@pytest.mark.parametrize(("sharing", "told"), [(None, 3), (12, 12), (2, 3)])
def test_each_process_is_told_with_how_many_it_shares(monkeypatch, sharing, told):
    parted = []

    def part(number, command):
        parted.append((number, command))
        raise Parted

    monkeypatch.setattr(worker, "become_several", part)
    more = {} if sharing is None else {"sharing": sharing}
    with pytest.raises(Parted):
        call_command("worker", processes=3, **more)
    ((number, command),) = parted
    assert number == 3
    assert command[-3:] == ["--processes=1", f"--sharing={told}", "--one-of=3"]


class Counting:
    """A provider that takes its time, and counts who waits for it."""

    def __init__(self) -> None:
        self.waiting = self.most = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        with self._lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        self.closing.wait(0.5)
        with self._lock:
            self.waiting -= 1
        return Answer(body={"data": {"id": asked.json["ref"]}})


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_all_processes_of_a_worker_together_keep_a_gateways_limit(tmp_path):
    surroundings = environment(tmp_path, free_port(), DATABASE_URL=database_url(), BROKER_URL="")
    both = Processes({"worker": manage("worker", "--processes", "2")}, surroundings)
    provider, limit = Counting(), HttpProvider.concurrency
    with http_peer(provider) as peer:
        both.start()
        try:
            wait_until(lambda: alive("worker") == 2)
            queue(3 * limit, at("http_api", peer.url))
            wait_until(lambda: not Message.objects.exclude(state=State.SENT).exists())
            assert 2 < connections_of_others() <= 2 * OF_WORKER
        finally:
            both.stop()
    assert limit / 2 < provider.most <= limit


def connections_of_others() -> int:
    """To this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def queue(count: int, config: dict) -> None:
    """All of them are due at the same moment."""
    soon = timezone.now() + timedelta(hours=1)
    gateway = GatewayFactory(provider="http_api", config=config)
    values = {"label": gateway.label, "gateway": gateway, "callback_url": ""}
    MessageFactory.create_batch(count, due_at=soon, **values)
    Message.objects.update(due_at=timezone.now())
