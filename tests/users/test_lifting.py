"""Addresses are opened again by people, who say why, and by the platform."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from gateways.models import AuditEntry
from tests.back_office.people import Person, browser_of, people, person_with
from tests.factories import EndUserFactory, LabelFactory
from users.lifting import KEPT, forget_liftings, lift_rows
from users.models import Lifting, Suppression
from users.suppressions import is_suppressed, lift, suppress

pytestmark = pytest.mark.django_db

LIST = "/admin/users/suppression/"
EMAIL = "canary@mailbox.example"
REASON = "Asked for by telephone"


@pytest.fixture
def user():
    user = EndUserFactory(email=EMAIL)
    suppress(user.label_id, "email", [user.email_index], "complained")
    suppress(user.label_id, "sms", [user.phone_index], "unsubscribed")
    return user


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("olga"))
    return client


def ask(client, *rows, **typed):
    keys = [row.pk for row in rows]
    return client.post(LIST, {"action": "lift", "_selected_action": keys, **typed}, follow=True)


def row(channel: str) -> Suppression:
    return Suppression.objects.get(channel=channel)


def test_a_person_lifts_a_suppression_and_says_why(operator, user):
    asked = ask(operator, row("email")).content.decode()
    assert "Addresses that are written to again on their channels: 1." in asked
    assert 'name="reason"' in asked

    key = row("email").pk
    ask(operator, row("email"), confirmed="yes", reason=REASON)

    assert not is_suppressed(user.label_id, "email", user.email_index)
    assert is_suppressed(user.label_id, "sms", user.phone_index)
    kept = Lifting.objects.get()
    assert (kept.channel, kept.address_index) == ("email", user.email_index)
    assert (kept.reason, kept.lifted_by, kept.because) == ("complained", "olga", REASON)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name, entry.reason) == ("lifted", "olga", REASON)
    assert (entry.subject_id, entry.label_id) == (str(key), user.label_id)


@pytest.mark.parametrize("reason", ["", "  short  "])
def test_without_a_reason_nothing_is_lifted(operator, user, reason):
    answer = ask(operator, row("email"), confirmed="yes", reason=reason)
    assert "Say why, in at least 10 characters." in answer.content.decode()
    assert Suppression.objects.count() == 2
    assert not AuditEntry.objects.exists()


def test_an_address_in_the_reason_is_not_kept(operator, user):
    ask(operator, row("email"), confirmed="yes", reason=f"{EMAIL} has asked for it")
    texts = Lifting.objects.get().because + AuditEntry.objects.get().reason
    assert "canary" not in texts
    assert "has asked for it" in texts


def test_who_may_not_lift_is_not_offered_it(user):
    browsers = people(LabelFactory())
    for person in (Person.SUPPORT, Person.AUDITOR, Person.ELSEWHERE):
        ask(browsers[person], row("email"), confirmed="yes", reason=REASON)
    page = f"{LIST}{row('email').pk}/change/"
    assert 'value="lift"' not in browsers[Person.SUPPORT].get(page).content.decode()
    assert 'value="lift"' in browsers[Person.OPERATOR].get(page).content.decode()
    assert Suppression.objects.count() == 2


def test_rows_of_several_labels_and_channels_are_lifted_together(user):
    other = EndUserFactory(email=EMAIL)
    suppress(other.label_id, "email", [other.email_index], "platform")
    assert lift_rows(Suppression.objects.all(), by="a test", because="") == 3
    assert not Suppression.objects.exists()
    assert Lifting.objects.count() == 3


def test_a_lifted_address_that_complains_again_is_closed_again(user):
    for _ in range(2):
        lift(user.label_id, "email", [user.email_index], by="a test")
        assert not is_suppressed(user.label_id, "email", user.email_index)
        suppress(user.label_id, "email", [user.email_index], "complained")
        assert is_suppressed(user.label_id, "email", user.email_index)
    assert Lifting.objects.count() == 2


def test_the_page_of_what_was_lifted_is_searched_by_address_and_shows_none(operator, user):
    lift(user.label_id, "email", [user.email_index], by="olga", because=REASON)
    found = operator.post(reverse("admin:users_lifting_find"), {"sought": EMAIL}, follow=True)
    text = found.content.decode()
    assert REASON in text
    assert "canary" not in text


def test_liftings_grow_old(user):
    lift_rows(Suppression.objects.all(), by="a test", because="")
    assert forget_liftings() == 0
    old = Lifting.objects.order_by("pk").first()
    Lifting.objects.filter(pk=old.pk).update(lifted_at=timezone.now() - KEPT - timedelta(seconds=1))
    assert forget_liftings() == 1
    assert not Lifting.objects.filter(pk=old.pk).exists()


def test_the_list_tells_how_many_there_are_for_each_reason_in_the_labels_one_may_see(
    operator, user
):
    other = EndUserFactory(email="other@mailbox.example")
    suppress(other.label_id, "email", [other.email_index], "complained")

    def counts(client):
        shown = client.get(LIST).context["by_reason"]
        return {each["title"]: (each["value"], each["share"]) for each in shown}

    assert counts(operator) == {
        "Complained": ("2", 100),
        "Hard bounce": ("0", 0),
        "Unsubscribed": ("1", 50),
        "The platform said so": ("0", 0),
    }
    limited = browser_of(person_with("support", labels=[other.label]))
    assert counts(limited)["Complained"] == ("1", 100)
    assert counts(limited)["Unsubscribed"] == ("0", 0)
    (link,) = (
        each["link"] for each in operator.get(LIST).context["by_reason"] if each["share"] == 50
    )
    assert len(operator.get(f"{LIST}{link}").context["cl"].result_list) == 1
