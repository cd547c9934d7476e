"""`manage.py worker` under Celery: several on one machine, and one after another."""

import pytest
from celery import Celery

from gateway_project.operations.processes import Processes, manage
from tests import services
from tests.operations.surroundings import database_url, environment, free_port, wait_until

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

QUEUE = "gatehouse_test_workers"


@pytest.mark.rabbitmq
def test_two_workers_of_one_machine_listen_beside_each_other(tmp_path):
    surroundings = environment(
        tmp_path,
        free_port(),
        DATABASE_URL=database_url(),
        BROKER_URL=services.RABBITMQ_URL,
        BROKER_QUEUE=QUEUE,
    )
    one = manage("worker", "--processes", "1")
    workers = Processes(dict.fromkeys(("one", "two"), one), surroundings, tmp_path / "log")
    with Celery(broker=services.RABBITMQ_URL).connection_for_write() as broker:
        channel = broker.default_channel
        channel.queue_declare(QUEUE, durable=True, auto_delete=False)

        def both_listen() -> bool:
            return channel.queue_declare(QUEUE, passive=True).consumer_count == 2

        workers.start()
        try:
            wait_until(lambda: both_listen() or workers.ended())
            assert workers.ended() == []
        finally:
            workers.stop(grace=10)
            channel.queue_delete(QUEUE)
