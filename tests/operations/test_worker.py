"""`manage.py worker` under Celery: several on one machine, and one after another."""

import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import pytest
from celery import Celery
from redis import Redis

from gateway_project.lib.kicks import TASK
from gateway_project.operations.processes import Processes, manage
from tests import services
from tests.operations.surroundings import database_url, environment, free_port, wait_until

KICKS = """
import django, threading
django.setup()
from celery.contrib.testing.worker import start_worker
from gateway_project.celery import app, runner
from gateway_project.lib.kicks import TASK
taken = threading.Semaphore(0)
runner.ask = lambda *_: taken.release()
with start_worker(app, pool="solo", perform_ping_check=False) as worker:
    for number in range(20):
        app.send_task(TASK, args=["send", str(number)])
        app.send_task("nobody.knows")
    came = [taken.acquire(timeout=30) for _ in range(20)]
    held = worker.consumer.task_consumer.channel.qos
    print(all(came), len(held._delivered), len(held._dirty))
"""

PARTS = """
import sys, django
django.setup()
from django.core.management import load_command_class
command = load_command_class("gateway_project", "worker")
command.check(tags=command.requires_system_checks)
command.load()
from gateway_project.celery import app
from gateway_project.management.commands.worker import CELERY_OPTIONS
there = set(sys.modules)
app.Worker(**CELERY_OPTIONS)
app.send_task("gatehouse.drain", args=["send", "1"])
from celery.worker import strategy
late = sorted(set(sys.modules) - there)
print([name for name in late if name.partition(".")[0] in ("celery", "kombu", "billiard", "redis")])
print([name for name in sys.modules if name in ("gateway_project.urls", "prompt_toolkit")])
"""


def said_by(script, tmp_path):
    """What a process of its own prints, under a broker within it."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path, free_port(), BROKER_URL="memory://"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_kept_of_kicks_that_were_taken_and_of_what_is_no_kick(tmp_path):
    assert said_by(KICKS, tmp_path) == "True 0 0\n"


def test_a_worker_imports_its_parts_before_its_processes_part_and_no_pages_at_all(tmp_path):
    assert said_by(PARTS, tmp_path) == "[]\n[]\n"


@contextmanager
def listening(tmp_path, broker_url, *names):
    """Workers of these names, and a look at their queue: its name, what waits, who listens."""
    queue = f"gatehouse_test_{uuid4().hex}"
    surroundings = environment(
        tmp_path,
        free_port(),
        DATABASE_URL=database_url(),
        BROKER_URL=broker_url,
        BROKER_QUEUE=queue,
    )
    one = manage("worker", "--processes", "1")
    workers = Processes(dict.fromkeys(names, one), surroundings, tmp_path / "log")
    app = Celery(broker=broker_url, set_as_current=False)
    with app.connection_for_write() as broker:
        channel = broker.default_channel
        look = partial(channel.queue_declare, queue, durable=True, auto_delete=False)
        look()
        workers.start()
        try:
            yield workers, look
        finally:
            workers.stop(grace=10)
            channel.queue_delete(queue)


def wait_for(workers, condition):
    """None of the workers may end meanwhile."""
    wait_until(lambda: condition() or workers.ended())
    assert workers.ended() == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker_url", services.BROKERS)
def test_what_is_no_kick_ends_no_worker(tmp_path, broker_url):
    stranger = Celery(broker=broker_url, set_as_current=False)
    stranger.conf.broker_transport_options = {"confirm_publish": True}
    with stranger, listening(tmp_path, broker_url, "one") as (workers, look):
        for task in ("nobody.knows", TASK, "nobody.knows", TASK):
            stranger.send_task(task, args=["send", "1"], queue=look().queue)
            wait_for(workers, lambda: look().message_count == 0)


@pytest.mark.redis
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_worker_outlasts_a_redis_that_refuses(tmp_path):
    app = Celery(broker=services.REDIS_URL, set_as_current=False)
    with app, listening(tmp_path, services.REDIS_URL, "one") as (workers, look):
        queue, said = look().queue, tmp_path / "log"
        wait_for(workers, lambda: "ready" in said.read_text())
        with Redis.from_url(services.REDIS_URL) as redis:
            redis.set(queue, "of another kind")
            wait_for(workers, lambda: "ResponseError" in said.read_text())
            redis.delete(queue)
        for number in range(2):
            app.send_task(TASK, args=["send", f"{number}"], queue=queue)
            wait_for(workers, lambda: look().message_count == 0)


@pytest.mark.rabbitmq
@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_of_one_machine_listen_beside_each_other(tmp_path):
    with listening(tmp_path, services.RABBITMQ_URL, "one", "two") as (workers, look):
        wait_for(workers, lambda: look().consumer_count == 2)
