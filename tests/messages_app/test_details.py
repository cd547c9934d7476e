"""What reports say in words is kept without those whom they are about, whatever these wear."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.providers.base import StatusUpdate
from messages_app.models import InboxEntry, StatusEvent
from tests.canaries.birds import EMAIL, PHONE, address, telephone
from tests.canaries.sightings import sightings
from tests.disguises import ANY, OF_A_NUMBER, OF_AN_ADDRESS
from tests.factories import EndUserFactory, GatewayFactory
from tests.messages_app.test_reports import apply, by_own_id, look_at_the_inbox, sent
from tests.test_undecryptable import ANOTHER_RING

pytestmark = pytest.mark.django_db

WORN = [
    *(pytest.param(wear(address(7)), id=name) for name, wear in (ANY | OF_AN_ADDRESS).items()),
    *(pytest.param(wear(telephone(7)), id=name) for name, wear in (ANY | OF_A_NUMBER).items()),
]
LOCAL_PART = f"{EMAIL.spelled}.7"


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def user(gateway):
    return EndUserFactory(label=gateway.label, email=address(7), phone=telephone(7))


def about(named) -> str:
    """What a mail server says of somebody."""
    return f"550 5.1.1 User {named} not listed"


def learnt() -> str:
    return StatusEvent.objects.get().detail


def seen(text) -> set[str]:
    return {sighting.bird for sighting in sightings(text, "a test", (EMAIL, PHONE))}


@pytest.mark.parametrize("worn", WORN)
def test_a_report_says_nothing_of_the_user_of_its_message(gateway, user, worn):
    message = sent(gateway, end_user=user)
    apply(gateway, by_own_id(message, Status.FAILED, detail=about(worn)))
    assert seen(learnt()) == set()
    assert learnt().startswith("550 5.1.1 User ")


def test_nor_of_whom_a_preview_went_to(gateway):
    preview = sent(gateway, end_user=None, activity_type="preview", preview_address=address(7))
    apply(gateway, by_own_id(preview, Status.FAILED, detail=about(LOCAL_PART)))
    assert learnt() == about("[redacted]")


def test_nor_of_whom_it_names_itself(gateway):
    message = sent(gateway)
    named = {"recipient": Personal(address(7)), "detail": about(LOCAL_PART)}
    apply(gateway, by_own_id(message, Status.FAILED, **named))
    apply(gateway, StatusUpdate(status=Status.FAILED, provider_id="unknown", **named))
    kept = {learnt(), InboxEntry.objects.get().detail}
    assert kept == {about("[redacted]")}


def test_a_word_that_nobody_knows_yet_comes_without_the_user_too(gateway, user):
    message = sent(gateway, end_user=user)
    apply(gateway, by_own_id(message, None, word="Weg", detail=about(LOCAL_PART)))
    assert InboxEntry.objects.get().detail == about("[redacted]")


def test_what_came_before_its_message_is_scrubbed_when_that_is_known(gateway, user):
    early = StatusUpdate(status=Status.FAILED, provider_id="p-1", detail=about(LOCAL_PART))
    apply(gateway, early)
    sent(gateway, provider_id="p-1", end_user=user)
    look_at_the_inbox()
    assert {learnt(), InboxEntry.objects.get().detail} == {about("[redacted]")}


def test_each_report_loses_its_own_addressee(gateway, user):
    other = EndUserFactory(label=gateway.label, email="balthasar@mailbox.example")
    ours, theirs = (sent(gateway, end_user=each) for each in (user, other))
    told = about("balthasar")
    apply(gateway, *(by_own_id(each, Status.FAILED, detail=told) for each in (ours, theirs)))
    kept = dict(StatusEvent.objects.values_list("message_id", "detail"))
    assert kept == {ours.pk: told, theirs.pk: about("[redacted]")}


def test_an_address_that_does_not_open_costs_no_report(gateway, user, settings):
    message = sent(gateway, end_user=user)
    settings.PII_KEYS = ANOTHER_RING
    assert apply(gateway, by_own_id(message, Status.FAILED, detail="550 no")) == 1
    assert learnt() == "550 no"


def test_nobody_is_looked_up_where_nothing_is_said(gateway, user):
    message = sent(gateway, end_user=user)
    with CaptureQueriesContext(connection) as queries:
        apply(gateway, by_own_id(message), StatusUpdate(status=Status.OPENED, provider_id="p"))
    assert [one["sql"] for one in queries if "users_enduser" in one["sql"]] == []
