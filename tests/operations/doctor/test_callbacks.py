"""A callback about a message that does not exist."""

import logging

import pytest

from gateway_project.operations.doctor.callbacks import NAME
from gateway_project.operations.doctor.calls import call_out
from gateways.models import Label
from tests.factories import API_KEY
from tests.operations.doctor.conftest import of_label
from tests.peers import Answer


def called(label):
    call_out(label)
    return of_label(label, NAME)


def test_who_only_does_not_know_the_message_takes_the_key(label, peer):
    assert called(label).state == "green"
    (asked,) = peer.asked
    assert (asked.path, asked.query["api_key"]) == ("/canary-path", API_KEY)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401),
        Answer(body={"error_code": 7, "error_message": f"wrong key {API_KEY}"}),
        Answer(status=500),
        Answer(hang_up=True),
    ],
    ids=["turned away", "refused", "broken", "hung up"],
)
def test_any_other_answer_is_a_problem(label, peer, answer):
    peer.respond = lambda asked: answer
    finding = called(label)
    assert finding.state == "red"
    assert finding.what_to_do
    assert API_KEY not in finding.text
    assert "canary" not in finding.text


def test_a_host_that_is_not_listed_is_never_called(label, peer):
    Label.objects.update(callback_hosts=["api.smartico.ai"])
    assert called(label).state == "red"
    assert peer.asked == []


def test_nothing_is_known_before_the_first_try(label, peer):
    assert of_label(label, NAME).state == "yellow"
    assert peer.asked == []


def test_without_a_url_there_is_nothing_to_try(label, house, peer):
    Label.objects.update(callback_url=None)
    assert called(label).state == "grey"


def test_a_url_that_a_request_has_named_will_do(label, house, peer):
    label.callback_url = None
    label.save()
    house.accepted(callback_url=f"{peer.url}/of-a-request")
    assert called(label).state == "green"
    assert peer.asked[0].path == "/of-a-request"


def test_the_call_leaves_nothing_in_the_log(label, peer, caplog):
    peer.respond = lambda asked: Answer(status=500)
    with caplog.at_level(logging.DEBUG):
        called(label)
    assert API_KEY not in caplog.text
    assert "canary-path" not in caplog.text
