"""Keys for trying the send APIs out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from gateway_project.lib.vocabulary import KeyKind
from gateways import test_keys
from gateways.callers import live_key
from gateways.config_file import exporting
from gateways.models import AuditEntry, Key
from tests.factories import KeyFactory, LabelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> User:
    return User.objects.create_superuser("root")


def test_a_minted_key_opens_the_send_apis_for_an_hour(actor, time_machine):
    label = LabelFactory()
    secret = test_keys.mint(label, actor)
    found = live_key(secret, KeyKind.SMARTICO)
    assert found is not None
    assert found.label_id == label.pk
    time_machine.move_to(timezone.now() + test_keys.LIFETIME + timedelta(seconds=1))
    assert live_key(secret, KeyKind.SMARTICO) is None


def test_minting_is_written_down_without_the_secret(actor):
    secret = test_keys.mint(LabelFactory(), actor)
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.subject_type) == (actor.pk, "gateways.key")
    assert secret not in str(entry.__dict__)


def test_keys_that_have_run_out_go_when_the_next_one_is_minted(actor):
    label = LabelFactory()
    kept = KeyFactory(label=label)
    test_keys.mint(label, actor)
    Key.objects.filter(is_test=True).update(expires_at=timezone.now())
    test_keys.mint(label, actor)
    assert Key.objects.filter(is_test=True).count() == 1
    assert Key.objects.filter(pk=kept.pk).exists()


def test_a_minted_key_stands_in_no_file(actor):
    label = LabelFactory()
    test_keys.mint(label, actor)
    assert "keys" not in exporting.export([label])
