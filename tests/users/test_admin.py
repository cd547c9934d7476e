import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateway_project.lib.fields import Ciphertext
from tests.factories import EndUserFactory
from users.models import EndUser
from users.suppressions import suppress

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
CANARIES = ("canary", "mailbox", "15112345678", "12345678")
USERS = "admin:users_enduser_changelist"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("staff"))
    return client


@pytest.fixture
def user():
    properties = {"country": "DE", "second": EMAIL, "list": [PHONE], "market": "north"}
    user = EndUserFactory(ext_user_id=EMAIL, email=EMAIL, phone=PHONE, properties=properties)
    suppress(user.label_id, "email", [user.email_index], "complained")
    suppress(user.label_id, "sms", [user.phone_index], "unsubscribed")
    EndUserFactory(ext_user_id="4711", email="other@x.example", phone=None, label=user.label)
    return user


def find(staff, model, text):
    return staff.post(reverse(f"admin:users_{model}_find"), {"sought": text}, follow=True)


def found(answer):
    return {str(row) for row in answer.context["cl"].result_list}


def pages(user):
    suppression = user.label.suppression_set.first()
    yield reverse(USERS)
    yield reverse("admin:users_suppression_changelist")
    for view in ("change", "history"):
        yield reverse(f"admin:users_enduser_{view}", args=[user.pk])
        yield reverse(f"admin:users_suppression_{view}", args=[suppression.pk])


def test_no_page_shows_an_address(staff, user):
    for page in pages(user):
        text = staff.get(page).content.decode()
        assert [canary for canary in CANARIES if canary in text] == []


def test_addresses_are_shown_masked_and_the_rest_as_it_is(staff, user):
    text = staff.get(reverse("admin:users_enduser_change", args=[user.pk])).content.decode()
    for shown in ("c***@m***.example", "+49 *** *** 78", "north", str(user.pk)):
        assert shown in text


def test_an_address_that_does_not_open_is_told(staff, user):
    EndUser.objects.filter(pk=user.pk).update(email=Ciphertext("t1$damaged"))
    for page in pages(user):
        assert staff.get(page).status_code == 200
    assert "cannot be decrypted" in staff.get(reverse(USERS)).content.decode()


@pytest.mark.parametrize("text", [EMAIL, " CANARY@Mailbox.example ", "+49 151 12345678", PHONE])
def test_a_user_is_found_by_address_without_its_being_shown(staff, user, text):
    answer = find(staff, "enduser", text)
    assert found(answer) == {str(user)}
    everywhere = answer.content.decode() + str(answer.redirect_chain)
    assert [canary for canary in CANARIES if canary in everywhere] == []


@pytest.mark.parametrize("text", [EMAIL, PHONE])
def test_an_address_is_not_even_said_to_the_database(staff, user, text):
    with CaptureQueriesContext(connection) as queries:
        find(staff, "enduser", text)
    assert [one["sql"] for one in queries if text in one["sql"]] == []


def test_a_user_is_found_by_the_exact_id(staff, user):
    assert found(find(staff, "enduser", "4711")) == {str(EndUser.objects.get(ext_user_id="4711"))}


@pytest.mark.parametrize("text", ["471", "nobody@x.example", "+4915187654321", "", "a\x00b"])
def test_what_is_not_there_is_not_found(staff, user, text):
    assert "Nothing was found." in find(staff, "enduser", text).content.decode()


def test_a_suppression_is_found_by_address(staff, user):
    assert len(found(find(staff, "suppression", EMAIL))) == 1
    assert len(found(find(staff, "suppression", PHONE))) == 1
    assert "Nothing was found." in find(staff, "suppression", "a@b.example").content.decode()


def test_finding_is_for_those_who_may_see(client, user):
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert find(client, "enduser", EMAIL).status_code == 403
    client.logout()
    assert "/login/" in find(client, "enduser", EMAIL).redirect_chain[0][0]


def test_finding_is_never_a_get(staff, user):
    assert staff.get(reverse("admin:users_enduser_find")).status_code == 405


@pytest.mark.parametrize("model", ["enduser", "suppression"])
def test_nothing_is_added_changed_or_deleted_there(staff, user, model):
    row = user if model == "enduser" else user.label.suppression_set.first()
    assert staff.get(reverse(f"admin:users_{model}_add")).status_code == 403
    assert staff.get(reverse(f"admin:users_{model}_delete", args=[row.pk])).status_code == 403
    assert staff.post(reverse(f"admin:users_{model}_change", args=[row.pk]), {}).status_code == 403
