"""Copies go in their time, whatever becomes of the directory that they are from."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.fields import Ciphertext
from gateways import configuration
from gateways.config_file.fields import DirectoryField
from gateways.directory_kinds import TTL_SECONDS
from gateways.models import Label
from messages_app.models import Relay
from tests.factories import EndUserFactory, GatewayFactory, LabelFactory, MessageFactory
from users.directories.copies import forget_copies
from users.importing import Outcome, upsert
from users.models import EndUser
from users.rows import row_of

pytestmark = pytest.mark.django_db

OLD, YOUNG = TTL_SECONDS + 1, TTL_SECONDS - 60


def copy(label, age: float = OLD, **values) -> EndUser:
    looked_up_at = timezone.now() - timedelta(seconds=age)
    return EndUserFactory(label=label, looked_up_at=looked_up_at, **values)


def own_endpoint(**settings) -> Label:
    given = {"kind": "http", "url": "https://users.example.com/{ext_user_id}", **settings}
    return LabelFactory(directory=DirectoryField().run_validation(given))


def is_empty(user: EndUser) -> bool:
    user.refresh_from_db()
    held = (user.email, user.phone, user.sealed_properties, user.looked_up_at)
    return held == (None, None, None, None)


def test_a_label_that_stores_its_users_again_does_not_own_the_copies_it_had():
    label = own_endpoint(ttl_seconds=60)
    copy(label)
    younger = copy(label, age=YOUNG)
    own = EndUserFactory(label=label)
    label.directory = None
    label.save()
    assert forget_copies() == 1
    assert set(EndUser.objects.all()) == {younger, own}
    own.refresh_from_db()
    assert own.email is not None


def test_a_copy_that_a_message_or_a_relay_refers_to_is_emptied_and_stays():
    label = LabelFactory()
    written_to, told_of, nobodys = (copy(label) for _ in range(3))
    MessageFactory(label=label, end_user=written_to)
    now = timezone.now()
    Relay.objects.create(
        label=label,
        gateway=GatewayFactory(label=label),
        kind="event",
        end_user=told_of,
        due_at=now,
        created_at=now,
    )
    assert forget_copies() == 3
    assert not EndUser.objects.filter(pk=nobodys.pk).exists()
    for user in (written_to, told_of):
        index = user.email_index
        assert is_empty(user)
        assert user.email_index == index


def test_copies_of_a_directory_whose_settings_do_not_open_go_in_the_usual_time():
    label = own_endpoint(ttl_seconds=86_400)
    old, younger = copy(label), copy(label, age=YOUNG)
    assert forget_copies() == 0
    Label.objects.filter(pk=label.pk).update(directory=Ciphertext("t1$damaged"))
    configuration.forget_now()
    assert forget_copies() == 1
    assert is_empty(old)
    assert not is_empty(younger)


def test_a_copy_goes_in_its_time_though_its_directory_does_not_answer():
    user = copy(own_endpoint(), refresh_due_at=timezone.now())
    assert forget_copies() == 1
    assert is_empty(user)
    assert user.refresh_due_at is not None, "it is asked for all the same"


def test_what_the_platform_itself_says_is_no_copy():
    label = LabelFactory()
    user = copy(label)
    row = row_of({"ext_user_id": user.ext_user_id, "email": "new@x.example"})
    [result] = upsert(label.pk, [row])
    assert result.outcome == Outcome.CHANGED
    assert forget_copies() == 0
    user.refresh_from_db()
    assert user.email.reveal() == "new@x.example"


@pytest.mark.parametrize("said", [{}, {"properties": {"vip": True}}, {"email": "new@x.example"}])
def test_what_the_platform_leaves_unsaid_is_not_kept_from_a_copy(said):
    label = own_endpoint()
    user = copy(label, age=YOUNG)
    upsert(label.pk, [row_of({"ext_user_id": user.ext_user_id, **said})])
    user.refresh_from_db()
    assert user.phone is None
    assert user.phone_index is None
    assert (user.email is None) == ("email" not in said)
    assert user.properties == said.get("properties", {})
