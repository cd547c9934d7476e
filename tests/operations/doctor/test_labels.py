"""What a label needs before Smartico may call."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateways.models import Key, Label
from tests.factories import STATUS_KEY, KeyFactory
from tests.operations.doctor.conftest import of_label


def used(label, **values):
    Key.objects.filter(label=label).update(last_used_at=timezone.now(), **values)


def test_a_key_that_smartico_uses_is_good(label):
    used(label)
    assert of_label(label, "Smartico key").state == "green"


def test_a_key_that_nobody_has_used_is_looked_at(label):
    assert of_label(label, "Smartico key").state == "yellow"


@pytest.mark.parametrize(("days", "state"), [(-1, "red"), (7, "yellow"), (60, "green")])
def test_a_key_is_good_as_long_as_it_lives(label, days, state):
    used(label, expires_at=timezone.now() + timedelta(days=days))
    assert of_label(label, "Smartico key").state == state


def test_no_key_is_a_problem_and_a_test_key_is_none(label):
    used(label, is_test=True)
    finding = of_label(label, "Smartico key")
    assert finding.state == "red"
    assert finding.what_to_do


def test_keys_that_may_not_be_needed_are_no_problem(label):
    assert of_label(label, "Status key").state == "grey"
    key = KeyFactory(label=label, kind="status", secret=STATUS_KEY)
    assert of_label(label, "Status key").state == "green"
    Key.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert of_label(label, "Status key").state == "yellow"


def test_a_label_that_anybody_may_call_is_looked_at(label):
    assert of_label(label, "Caller addresses").state == "yellow"
    Label.objects.update(allowed_ips=["203.0.113.0/24"])
    assert of_label(label, "Caller addresses").state == "green"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Sending", {"is_paused": True}),
        ("Callback hosts", {"callback_hosts": []}),
        ("api_key", {"callback_api_key": None}),
        ("Default callback URL", {"callback_hosts": ["elsewhere.example"]}),
        ("Callbacks", {"callbacks_suspended_at": timezone.now()}),
    ],
)
def test_what_keeps_a_label_from_working_is_a_problem(label, name, values):
    for field, value in values.items():
        setattr(label, field, value)
    label.save()
    finding = of_label(label, name)
    assert finding.state == "red"
    assert finding.what_to_do


@pytest.mark.parametrize("name", ["Callback hosts", "api_key", "Default callback URL"])
def test_a_label_that_is_set_up_is_good(label, name):
    assert of_label(label, name).state == "green"


def test_a_label_may_do_without_a_default_url(label):
    label.callback_url = None
    label.save()
    assert of_label(label, "Default callback URL").state == "grey"
