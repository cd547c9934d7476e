"""What needs a person, found in the database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.operations.alerts.causes import causes
from gateways.models import Breaker
from messages_app.models import State
from tests.factories import BrandFactory, GatewayFactory, LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db


def found():
    return [(cause.kind, cause.subject, cause.reason) for cause in causes(timezone.now())]


def owed(message, **values):
    now = timezone.now()
    CallbackDelivery.objects.create(
        **{
            "message": message, "label": message.label, "host": "h", "status": "accepted",
            "due_at": now, "created_at": now, **values,
        }
    )  # fmt: skip


def test_a_house_in_good_health_has_none():
    owed(MessageFactory())
    assert found() == []


def test_a_gateway_whose_account_was_refused():
    GatewayFactory(slug="sms-de", is_paused=True, paused_because="HTTP 401")
    assert found() == [("gateway_paused", "sms-de", "HTTP 401")]


def test_who_pauses_by_hand_knows_it():
    GatewayFactory(is_paused=True)
    GatewayFactory(is_active=False, is_paused=True, paused_because="HTTP 401")
    assert found() == []


def test_a_provider_that_does_not_answer():
    gateway = GatewayFactory(slug="sms-de")
    Breaker.objects.create(gateway=gateway, opened_at=timezone.now(), reason="timed out")
    assert found() == [("no_answer", "sms-de", "timed out")]


def test_callbacks_and_opt_outs_that_are_not_told():
    LabelFactory(
        callbacks_suspended_at=timezone.now(),
        callbacks_suspended_because="the api_key was turned away",
        opt_outs_suspended={"platform": "HTTP 410"},
    )
    assert found() == [
        ("callbacks_suspended", "", "the api_key was turned away"),
        ("opt_outs_suspended", "platform", "HTTP 410"),
    ]


def test_statuses_that_smartico_was_never_told_and_messages_nobody_knows_about():
    message = MessageFactory(state=State.UNKNOWN)
    owed(message, settlement="dead")
    owed(message, status="delivered", settlement="mismatch")
    assert sorted(found()) == [
        ("callbacks_dead", "", "1 by now"),
        ("callbacks_mismatch", "", "1 by now"),
        ("unknown_outcomes", "", "1 by now"),
    ]


def test_what_waits_though_it_may_leave_is_told_once_for_a_label():
    label, then = LabelFactory(), timezone.now() - timedelta(minutes=15)
    for _ in range(2):
        owed(MessageFactory(label=label, due_at=then), due_at=then)
    held = GatewayFactory(label=label, is_paused=True)
    MessageFactory(label=label, gateway=held, due_at=then - timedelta(days=1))
    paused = BrandFactory(label=label, is_paused=True)
    mixed = GatewayFactory(label=label)
    MessageFactory(label=label, gateway=mixed, brand=paused, due_at=then - timedelta(days=1))
    kinds = {kind: reason for kind, _, reason in found()}
    assert set(kinds) == {"messages_late", "callbacks_late"}
    assert "15" in kinds["messages_late"]


def test_what_is_counted_is_told_as_a_number():
    MessageFactory.create_batch(2, label=LabelFactory(), state=State.UNKNOWN)
    assert [cause.count for cause in causes(timezone.now())] == [2]
