"""A callback host that takes calls and never answers, beside one that is well."""

import threading

import pytest

from callbacks.easing import MOST
from callbacks.models import CallbackDelivery, Settlement
from gateway_project.operations import drains
from gateway_project.operations.runner import Runner
from tests.callbacks.conftest import smartico
from tests.factories import LabelFactory
from tests.peers import Answer, http_peer

__all__ = ["smartico"]


@pytest.fixture
def hole():
    with http_peer(lambda asked: Answer(delay=60)) as peer:
        yield peer


@pytest.fixture
def runner(hole):
    drains.load()
    stop = threading.Event()
    runner = Runner(stop)
    yield runner
    stop.set()
    hole.closing.set()
    runner.close()


def owe_to(peer, label, smartico):
    message = smartico.message()
    message.callback_url = f"{peer.url}/cb"
    message.save()
    return smartico.owe("delivered", message=message, label=label, host=peer.url)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same_label", [True, False])
def test_a_host_that_swallows_everything_holds_up_no_other(smartico, hole, runner, is_same_label):
    hosts = [smartico.peer.url, hole.url]
    smartico.label.callback_hosts = hosts
    smartico.label.save()
    label = smartico.label if is_same_label else LabelFactory(callback_hosts=hosts)
    for _ in range(MOST + 8):
        owe_to(hole, label, smartico)
    runner.ask("report", f"{label.pk}/{hole.url}")
    hole.wait_for(MOST)

    heard = [smartico.owe("delivered").pk for _ in range(MOST + 8)]
    runner.ask("report", smartico.key)
    smartico.peer.wait_for(len(heard))
    assert len(hole.asked) == MOST
    smartico.answers.clear()
    while CallbackDelivery.objects.filter(pk__in=heard).owed().exists():
        runner.ask("report", smartico.key)
    settled = CallbackDelivery.objects.filter(settlement=Settlement.ACKNOWLEDGED)
    assert set(settled.values_list("pk", flat=True)) == set(heard)
