"""A whole gateway in real processes, and Smartico played against it, on every engine."""

import asyncio

import pytest

from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.processes import gatehouse
from gateway_project.operations.simulation import Plan, simulate
from gateway_project.operations.smartico import EXTENSION
from tests import factories, services
from tests.operations.surroundings import (
    database_url,
    environment,
    free_port,
    is_live,
    wait_until,
)

ENGINES = [
    pytest.param("", id="embedded"),
    pytest.param("redis://127.0.0.1:1/0", id="broker-away"),
    *services.BROKERS,
]


@pytest.fixture
def port():
    """Of the web server; Smartico listens two above."""
    return free_port()


@pytest.fixture
def users(port, transactional_db):
    """A label with a sandbox gateway per channel; names its users."""
    label = factories.LabelFactory(callback_hosts=[f"http://127.0.0.1:{port + 2}"])
    factories.KeyFactory(label=label)
    template = factories.TemplateFactory(label=label)
    for name in EXTENSION:
        factories.TemplateFieldFactory(template=template, name=name)
    for channel in Channel:
        factories.GatewayFactory(label=label, channel=channel)
    return [factories.EndUserFactory(label=label).ext_user_id for _ in range(5)]


@pytest.fixture(params=ENGINES)
def _running(request, port, users, tmp_path):
    """A gateway on this engine."""
    processes = gatehouse(
        environment(tmp_path, port, DATABASE_URL=database_url(), BROKER_URL=request.param)
    )
    processes.start()
    try:
        wait_until(lambda: is_live(port) or processes.ended())
        assert processes.ended() == []
        yield
        assert processes.ended() == []
    finally:
        processes.stop()


@pytest.mark.usefixtures("_running")
def test_every_message_is_sent_and_told_once(port, users):
    plan = Plan(
        url=f"http://127.0.0.1:{port}",
        authorization=factories.SECRET,
        api_key=factories.API_KEY,
        callback_port=port + 2,
        users=users,
        channels=Channel.values,
        count=60,
        concurrency=8,
        timeout=60,
    )
    book = asyncio.run(simulate(plan, lambda book: None))
    lines = book.lines()
    assert {channel: line.posted for channel, line in lines.items()} == dict.fromkeys(lines, 10)
    assert all(line.is_clean for line in lines.values()), lines
