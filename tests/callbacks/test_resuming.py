"""A suspended label, and the one call that lets its callbacks go on."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from callbacks.lanes import due_lanes
from callbacks.models import CallbackDelivery, Settlement
from callbacks.resuming import resume
from gateways.models import Action, AuditEntry
from tests.factories import API_KEY, LabelFactory
from tests.peers import Answer

NOT_FOUND = Answer(body={"error_code": 1, "error_message": "email was not found"})
NEW_KEY = "the-new-api-key"


@pytest.fixture
def suspended(smartico):
    """Turned away, as Smartico does it, with two statuses of one message owed."""
    smartico.answers["any"] = Answer(status=401)
    smartico.owe("accepted", "delivered")
    smartico.report()
    smartico.peer.asked.clear()
    smartico.answers.clear()
    return smartico


def is_suspended(smartico):
    smartico.label.refresh_from_db()
    return smartico.label.callbacks_suspended_at is not None


def with_new_key(smartico):
    smartico.label.refresh_from_db()
    smartico.label.callback_api_key = NEW_KEY
    smartico.label.save()


def test_the_call_tells_the_first_status_that_is_owed_and_the_rest_follows(suspended):
    with_new_key(suspended)
    tried = resume(suspended.label, "somebody")
    assert tried.is_taken
    (asked,) = suspended.peer.asked
    assert (asked.query["status"], asked.query["api_key"]) == ("accepted", NEW_KEY)
    assert not is_suspended(suspended)
    first, later = CallbackDelivery.objects.order_by("pk")
    assert (first.settlement, later.settlement) == (Settlement.ACKNOWLEDGED, Settlement.OWED)
    CallbackDelivery.objects.owed().update(due_at=timezone.now())
    assert len(due_lanes()) == 1
    suspended.report()
    assert suspended.told == ["accepted", "delivered"]


def test_a_status_that_waits_to_be_tried_again_is_told_by_the_call_all_the_same(suspended):
    CallbackDelivery.objects.update(due_at=timezone.now() + timedelta(hours=8))
    assert resume(suspended.label, "somebody").is_taken
    assert suspended.told == ["accepted"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401),
        Answer(status=403),
        Answer(status=500),
        Answer(hang_up=True),
        Answer(body={"error_code": 7, "error_message": f"wrong key {API_KEY}"}),
    ],
    ids=["401", "403", "broken", "hung up", "refused"],
)
@pytest.mark.parametrize("is_owed", [True, False])
def test_where_the_key_is_not_taken_nothing_goes_on(suspended, answer, is_owed):
    if not is_owed:
        CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    suspended.answers["any"] = answer
    tried = resume(suspended.label, "somebody")
    assert not tried.is_taken
    assert API_KEY not in tried.text
    assert len(suspended.peer.asked) == 1
    assert is_suspended(suspended)
    CallbackDelivery.objects.update(due_at=timezone.now())
    assert suspended.report() == 0
    assert CallbackDelivery.objects.owed().count() == (2 if is_owed else 0)


@pytest.mark.parametrize("is_owed", [True, False])
def test_who_only_does_not_know_the_message_has_taken_the_key(suspended, is_owed):
    if not is_owed:
        CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    suspended.answers["any"] = NOT_FOUND
    assert resume(suspended.label, "somebody").is_taken
    assert not is_suspended(suspended)


def test_without_anything_owed_the_call_is_about_a_message_that_is_none_of_ours(suspended):
    ids = {str(pk) for pk in CallbackDelivery.objects.values_list("message_id", flat=True)}
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    resume(suspended.label, "somebody")
    (asked,) = suspended.peer.asked
    assert asked.query["ext_message_id"] not in ids


def test_what_is_owed_to_a_host_off_the_list_is_not_called(suspended):
    suspended.label.refresh_from_db()
    suspended.label.callback_hosts = ["api.smartico.ai"]
    suspended.label.save()
    assert not resume(suspended.label, "somebody").is_taken
    assert suspended.peer.asked == []
    assert is_suspended(suspended)


@pytest.mark.django_db
def test_without_any_callback_url_there_is_nothing_to_call():
    label = LabelFactory(callbacks_suspended_at=timezone.now())
    tried = resume(label, "somebody")
    assert (tried.is_taken, "nothing to call" in tried.text) == (False, True)


def test_every_call_is_written_down_with_what_came_of_it(suspended):
    suspended.answers["any"] = Answer(status=403)
    resume(suspended.label, "somebody")
    suspended.answers.clear()
    resume(suspended.label, "somebody")
    entries = AuditEntry.objects.order_by("at", "pk")
    assert {entry.action for entry in entries} == {Action.TESTED}
    refused, resumed = (entry.changes for entry in entries)
    assert "turned away" in refused["test call"]
    assert "callbacks" not in refused
    assert resumed["callbacks"] == "resumed"


def run_command(slug):
    out = StringIO()
    call_command("resume_callbacks", "--label", slug, stdout=out)
    return out.getvalue()


def test_the_command_does_the_same_and_fails_where_the_key_is_turned_away(suspended):
    suspended.answers["any"] = Answer(status=401)
    with pytest.raises(CommandError, match="turned away"):
        run_command(suspended.label.slug)
    suspended.answers.clear()
    assert "go on" in run_command(suspended.label.slug)
    assert not is_suspended(suspended)
    with pytest.raises(CommandError, match="no label"):
        run_command("nobody")
