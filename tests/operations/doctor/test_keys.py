"""What the go-live check list says of the key ring."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateways.models import UsedKey
from tests.factories import LabelFactory
from tests.operations.doctor.conftest import of_house

KEY_A = "a:" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
KEY_B = "b:" + "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(settings, django_capture_on_commit_callbacks):
    """A house whose rows are sealed with the key `a`, an hour ago."""
    settings.PII_KEYS = KEY_A
    with django_capture_on_commit_callbacks(execute=True):
        LabelFactory()
    UsedKey.objects.update(last_used_at=timezone.now() - timedelta(hours=1))


def test_the_key_that_seals_is_good(sealed):
    assert of_house("Key a").state == "green"


def test_a_key_that_nothing_is_sealed_with_is_a_note(sealed, settings):
    settings.PII_KEYS = f"{KEY_A},{KEY_B}"
    assert (of_house("Key a").state, of_house("Key b").state) == ("green", "grey")
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    assert (of_house("Key a").state, of_house("Key b").state) == ("yellow", "grey")


def test_a_key_that_is_still_needed_says_for_how_many_rows(sealed, settings):
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    assert "rotate_keys" in of_house("Key a").what_to_do
    UsedKey.objects.update(rows_left=1204, counted_at=timezone.now())
    assert "1,204 rows" in of_house("Key a").text


def test_a_process_with_an_old_ring_is_told_of(sealed, settings):
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    UsedKey.objects.update(last_used_at=timezone.now())
    assert "Restart" in of_house("Key a").what_to_do


def test_a_key_that_may_go_is_a_note(sealed, settings):
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    UsedKey.objects.update(retired_at=timezone.now())
    assert "may be taken off" in of_house("Key a").text


@pytest.mark.parametrize(
    ("given", "name"), [({"PII_KEYS": KEY_B}, "Key a"), ({"PII_INDEX_KEY": "other"}, "Index key")]
)
def test_a_key_that_another_machine_uses_and_this_one_lacks_is_a_problem(
    sealed, settings, given, name
):
    for setting, value in given.items():
        setattr(settings, setting, value)
    assert of_house(name).state == "red"
