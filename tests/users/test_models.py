import pytest
from django.db import IntegrityError, connection, transaction

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from tests.factories import EndUserFactory
from users.addresses import email_index, phone_index
from users.models import EndUser, Suppression

pytestmark = pytest.mark.django_db


def again(user):
    return EndUser.objects.get(pk=user.pk)


def test_an_ext_user_id_is_unique_within_its_label_only():
    user = EndUserFactory(ext_user_id="1")
    EndUserFactory(ext_user_id="1")
    with pytest.raises(IntegrityError), transaction.atomic():
        EndUserFactory(ext_user_id="1", label=user.label)


def test_email_is_written_to_as_it_was_given_but_for_its_domain():
    user = EndUserFactory(email=" Jo@München.example ")
    assert again(user).address(Channel.EMAIL).reveal() == "Jo@xn--mnchen-3ya.example"
    assert again(user).address_index(Channel.EMAIL) == email_index("jo@münchen.example")


@pytest.mark.parametrize("channel", sorted(PHONE_CHANNELS))
def test_phone_channels_are_reached_by_the_number_as_e164(channel):
    user = EndUserFactory(phone="0151 12345678", properties={"country": "DE"})
    assert again(user).address(channel).reveal() == "+4915112345678"
    assert again(user).address_index(channel) == phone_index("+4915112345678")


def test_custom_im_needs_no_address():
    user = EndUserFactory()
    assert user.address(Channel.CUSTOM_IM) is None
    assert user.address_index(Channel.CUSTOM_IM) is None


@pytest.mark.parametrize("values", [{"email": None, "phone": None}, {"email": "jo@", "phone": "x"}])
@pytest.mark.parametrize("channel", Channel)
def test_a_user_without_a_usable_address_has_none(values, channel):
    user = again(EndUserFactory(**values))
    assert user.address(channel) is None
    assert user.address_index(channel) is None


def test_properties_are_kept_sealed_with_the_address_that_may_be_among_them():
    told = {"country": "DE", "second": "canary@mailbox.example", "deep": [1, {"a": True}]}
    user = EndUserFactory(properties=told)
    assert again(user).properties == told
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM users_enduser")
        assert "canary" not in str(cursor.fetchall())


def test_properties_that_do_not_open_are_none_and_cost_the_number_no_index():
    user = EndUserFactory(phone="0151 12345678", properties={"country": "DE"})
    EndUser.objects.update(sealed_properties=Ciphertext("t1$damaged"))
    user = again(user)
    assert user.properties == {}
    user.save()
    assert again(user).phone_index == phone_index("+4915112345678")


def test_a_national_number_is_an_address_only_where_the_country_is_known():
    user = EndUserFactory(phone="0151 12345678", properties={})
    assert again(user).address(Channel.SMS) is None
    user.properties = {"country": "DE"}
    user.save()
    assert again(user).address(Channel.SMS).reveal() == "+4915112345678"
    assert again(user).address_index(Channel.SMS) == phone_index("+4915112345678")


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_an_address_that_does_not_open_is_told_apart_from_none(channel):
    user = EndUserFactory()
    EndUser.objects.filter(pk=user.pk).update(
        email=Ciphertext("t1$damaged"), phone=Ciphertext("t1$damaged")
    )
    with pytest.raises(Undecryptable):
        again(user).address(channel)


def test_a_row_is_shown_by_its_id_only():
    user = EndUserFactory()
    assert str(user) == f"end user {user.pk}"
    assert str(Suppression(pk=1, address_index="x")) == "suppression 1"
