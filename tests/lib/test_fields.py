import copy
import json
import pickle
from uuid import UUID

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import F

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.personal import REDACTED, Personal
from gateways.models import Gateway, Label
from tests.factories import EndUserFactory, GatewayFactory, LabelFactory
from users.models import EndUser

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
KEY_A = "a:" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
KEY_B = "b:" + "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="


@pytest.fixture
def user():
    return EndUserFactory(email=EMAIL, phone=PHONE)


def stored(user, column="email"):
    """What the column itself holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM users_enduser WHERE ext_user_id = %s", [user.ext_user_id]
        )
        return cursor.fetchone()[0]


def again(user):
    return EndUser.objects.get(pk=user.pk)


def test_the_column_holds_only_ciphertext(user):
    assert stored(user).startswith("t1$")
    assert EMAIL not in stored(user)


def test_a_value_comes_back_redacted_until_it_is_revealed(user):
    assert str(again(user).email) == REDACTED
    assert again(user).email.reveal() == EMAIL


def test_an_assigned_value_is_redacted_before_it_is_saved():
    user = EndUser(email=EMAIL)
    assert repr(user.email) == REDACTED
    assert EMAIL not in repr(vars(user))
    assert user.email.reveal() == EMAIL


def test_a_loaded_row_shows_no_ciphertext(user):
    assert stored(user) not in repr(vars(again(user)))


@pytest.mark.parametrize(
    "plain", ["", "ä€🦊", "\u202eright to left", "\x00", "\ud800", "x" * 100_000]
)
def test_every_text_comes_back_as_it_was(user, plain):
    user.email = plain
    user.save()
    assert again(user).email.reveal() == plain


def test_none_stays_null(user):
    user.email = None
    user.save()
    assert again(user).email is None
    assert again(user).email_index is None
    assert EndUser.objects.filter(email__isnull=True, email=None).exists()


def test_a_value_copied_to_another_row_does_not_open(user):
    other = EndUserFactory(label=user.label)
    EndUser.objects.filter(pk=other.pk).update(email=Ciphertext(stored(user)))
    with pytest.raises(Undecryptable):
        again(other).email.reveal()


def test_a_value_copied_to_another_column_does_not_open(user):
    EndUser.objects.filter(pk=user.pk).update(phone=F("email"))
    with pytest.raises(Undecryptable):
        again(user).phone.reveal()


def test_a_value_copied_to_another_table_does_not_open():
    label = LabelFactory()
    gateway = GatewayFactory(label=label, uid=label.uid)
    sealed = Label.objects.values_list("callback_api_key", flat=True).get(pk=label.pk)
    Gateway.objects.filter(pk=gateway.pk).update(token=sealed)
    with pytest.raises(Undecryptable):
        Gateway.objects.get(pk=gateway.pk).token.reveal()


def test_a_row_saved_under_another_key_does_not_open(user):
    twin = again(user)
    twin.pk, twin.ext_user_id = new_id(), "twin"
    twin._state.adding = True
    twin.save()
    with pytest.raises(Undecryptable):
        again(twin).email.reveal()
    assert again(user).email.reveal() == EMAIL


def test_a_value_assigned_from_another_row_is_sealed_anew(user):
    twin = EndUserFactory(label=user.label, email=again(user).email)
    assert again(twin).email.reveal() == EMAIL


def test_a_value_assigned_from_another_column_is_sealed_anew(user):
    user = again(user)
    user.phone = user.email
    user.save()
    assert again(user).phone.reveal() == EMAIL


def test_a_row_identified_by_text_is_the_same_row():
    pk = UUID("0190A0B1-C2D3-7E4F-8A9B-0C1D2E3F4A5B")
    EndUserFactory(pk=str(pk).upper(), email=EMAIL)
    assert EndUser.objects.get(pk=pk).email.reveal() == EMAIL


def test_another_ring_opens_nothing(user, settings):
    settings.PII_KEYS = KEY_A
    with pytest.raises(Undecryptable):
        again(user).email.reveal()


def test_a_damaged_value_does_not_open_and_harms_no_neighbour(user):
    EndUser.objects.filter(pk=user.pk).update(email=Ciphertext("t1$damaged"))
    with pytest.raises(Undecryptable):
        again(user).email.reveal()
    assert again(user).phone.reveal() == PHONE


def test_a_row_with_a_damaged_value_can_still_be_saved(user):
    before = user.email_index
    EndUser.objects.filter(pk=user.pk).update(email=Ciphertext("t1$damaged"))
    user = again(user)
    user.properties = {"country": "AT"}
    user.save()
    assert again(user).properties == {"country": "AT"}
    assert again(user).email_index == before
    assert stored(user) == "t1$damaged"


def test_after_a_rotation_old_rows_open_and_new_ones_take_the_new_key(settings, user):
    settings.PII_KEYS = KEY_A
    old = EndUserFactory(email=EMAIL)
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    new = EndUserFactory(email=EMAIL)
    assert (stored(old)[:2], stored(new)[:2]) == ("a$", "b$")
    assert again(old).email.reveal() == again(new).email.reveal() == EMAIL


def test_saving_what_was_not_changed_keeps_its_ciphertext(user):
    before = stored(user)
    again(user).save()
    refreshed = again(user)
    refreshed.refresh_from_db()
    refreshed.save()
    assert stored(user) == before


def test_a_deferred_column_opens_when_it_is_asked_for(user):
    assert EndUser.objects.defer("email").get(pk=user.pk).email.reveal() == EMAIL
    assert EndUser.objects.only("ext_user_id").get(pk=user.pk).phone.reveal() == PHONE


@pytest.mark.parametrize("fields", [None, ["email"], ["ext_user_id"], ["email", "email_index"]])
def test_saving_a_row_with_a_deferred_column_keeps_it(user, fields):
    EndUser.objects.defer("email").get(pk=user.pk).save(update_fields=fields)
    assert again(user).email.reveal() == EMAIL
    assert again(user).email_index == user.email_index


def test_refreshing_a_row_brings_the_stored_value_back(user):
    user.email = "other@mailbox.example"
    user.refresh_from_db()
    assert user.email.reveal() == EMAIL


def test_bulk_create_seals_and_indexes_every_row(user):
    made = [
        EndUser(label=user.label, ext_user_id=f"bulk-{n}", email=f"{n}@mailbox.example")
        for n in range(3)
    ]
    EndUser.objects.bulk_create(made)
    for n, row in enumerate(made):
        assert stored(row).startswith("t1$")
        assert again(row).email.reveal() == f"{n}@mailbox.example"
        assert again(row).email_index


def test_update_fields_writes_the_named_columns_and_no_other(user):
    user.email, user.phone = "other@mailbox.example", "+4915187654321"
    user.save(update_fields=["email", "email_index"])
    assert again(user).email.reveal() == "other@mailbox.example"
    assert again(user).email_index != EndUserFactory(email=EMAIL).email_index
    assert again(user).phone.reveal() == PHONE


def test_values_are_ciphertext(user):
    assert EndUser.objects.values("email").get() == {"email": stored(user)}
    assert repr(EndUser.objects.values_list("email", flat=True).get()) == REDACTED


@pytest.mark.parametrize(
    "lookup", ["email", "email__exact", "email__in", "email__contains", "email__iexact",
               "email__regex", "email__gt", "email__startswith", "email__range"]
)  # fmt: skip
def test_a_sealed_column_is_not_looked_up(lookup):
    with pytest.raises((TypeError, FieldError)) as raised:
        EndUser.objects.filter(**{lookup: [EMAIL, EMAIL] if "_" in lookup else EMAIL}).first()
    assert EMAIL not in str(raised.value)


@pytest.mark.parametrize("value", [EMAIL, Personal(EMAIL)])
def test_a_sealed_column_is_not_updated_from_plain_values(user, value):
    with pytest.raises(TypeError, match="sealed") as raised:
        EndUser.objects.update(email=value)
    assert EMAIL not in str(raised.value)
    with pytest.raises(TypeError, match="sealed"):
        EndUser.objects.bulk_update([user], ["email"])


def test_a_row_without_an_identity_is_not_written():
    with pytest.raises(TypeError, match="made by the client"):
        LabelFactory(uid=None)


def test_an_assigned_value_is_not_pickled(user):
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(user)


def test_a_loaded_row_is_pickled_as_ciphertext(user):
    assert EMAIL.encode() not in pickle.dumps(again(user))
    assert pickle.loads(pickle.dumps(again(user))).email.reveal() == EMAIL


def test_a_copied_row_has_the_same_value(user):
    assert copy.deepcopy(user).email.reveal() == EMAIL
    assert copy.copy(again(user)).email.reveal() == EMAIL


@pytest.mark.parametrize("format_", ["json", "xml", "jsonl"])
def test_a_dump_of_the_database_holds_no_value(user, format_):
    dumped = serializers.serialize(format_, EndUser.objects.all())
    assert EMAIL not in dumped
    assert REDACTED in dumped


def test_validation_leaves_a_value_alone(user):
    user = again(user)
    user.full_clean()
    user.save()
    assert again(user).email.reveal() == EMAIL


def test_json_comes_back_as_it_was():
    config = {"password": "gehört dazu", "ports": [25, 587], "nested": {"a": None, "b": True}}
    gateway = GatewayFactory(config=config)
    assert Gateway.objects.get(pk=gateway.pk).config.reveal() == config
    assert str(gateway.config) == REDACTED
    raw = Gateway.objects.values_list("config", flat=True).get(pk=gateway.pk)
    assert "password" not in json.dumps(raw)


def test_the_same_address_has_the_same_index_in_any_row(user):
    assert EndUserFactory(email=EMAIL.upper()).email_index == user.email_index
    assert EndUserFactory(email="other@mailbox.example").email_index != user.email_index


def test_the_index_is_found_by_a_query(user):
    EndUserFactory(label=user.label)
    assert EndUser.objects.get(email_index=user.email_index).pk == user.pk


def test_the_index_follows_another_column_that_it_depends_on():
    user = EndUserFactory(phone="0151 12345678", properties={})
    assert user.phone_index is None
    user = again(user)
    user.properties = {"country": "DE"}
    user.save()
    assert again(user).phone_index == EndUserFactory(phone=PHONE).phone_index


def test_the_index_of_two_columns_differs(user):
    user.phone = EMAIL
    user.save()
    assert again(user).phone_index is None
    assert again(user).email_index is not None
