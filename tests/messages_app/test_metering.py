"""What is counted of requests, tries and statuses."""

import pytest
from prometheus_client import REGISTRY

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from messages_app.models import Message
from tests.factories import EndUserFactory, GatewayFactory, LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gateway():
    return GatewayFactory(label=LabelFactory())


def told(name, **labels):
    return REGISTRY.get_sample_value(f"gatehouse_{name}", labels) or 0.0


def of(gateway, **more):
    return {"label": gateway.label.slug, "gateway": gateway.slug, **more}


def sent(gateway, word="", **changes):
    user = EndUserFactory(label=gateway.label, properties={"sandbox": word} if word else {})
    MessageFactory(label=gateway.label, gateway=gateway, end_user=user, **changes)
    run("send", str(gateway.pk), linger=0)


def test_a_try_is_counted_by_gateway_and_outcome_with_how_long_it_took(gateway):
    sent(gateway)
    where = of(gateway, channel="sms")
    assert told("send_attempts_total", **where, outcome="accepted") == 1
    assert told("send_seconds_count", **where) == 1
    assert told("provider_seconds_count", **of(gateway)) == 1
    assert told("statuses_total", **where, status="accepted") == 1


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("rejected", "rejected"), ("unavailable", "unavailable"), ("unknown", "unknown")],
)
def test_what_was_not_taken_has_no_time_from_acceptance(gateway, word, outcome):
    sent(gateway, word)
    where = of(gateway, channel="sms")
    assert told("send_attempts_total", **where, outcome=outcome) == 1
    assert told("send_seconds_count", **where) == 0


def test_a_test_by_hand_is_not_counted(gateway):
    sent(gateway, is_test=True)
    assert Message.objects.get().attempts == 1
    where = of(gateway, channel="sms")
    assert told("send_attempts_total", **where, outcome="accepted") == 0
    assert told("statuses_total", **where, status="accepted") == 0


def test_what_the_house_itself_could_not_send_was_no_call_of_a_provider(gateway):
    user = EndUserFactory(label=gateway.label, phone=None)
    MessageFactory(label=gateway.label, gateway=gateway, end_user=user)
    run("send", str(gateway.pk), linger=0)
    assert told("provider_seconds_count", **of(gateway)) == 0


def test_a_request_is_counted_by_its_answer(house):
    where = {"label": house.label.slug, "channel": "sms"}
    house.accepted(Channel.SMS)
    house.refusal(ext_user_id="nobody", im_uid="uid-2")
    assert told("requests_total", **where, error_code="0") == 1
    assert told("requests_total", **where, error_code="1") == 1
    assert told("accept_seconds_count", **where) == 1


def test_a_stranger_is_counted_without_a_label(house):
    before = told("requests_total", label="", channel="sms", error_code="10")
    house.post(headers={"Authorization": "wrong"})
    assert told("requests_total", label="", channel="sms", error_code="10") == before + 1
