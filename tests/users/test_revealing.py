"""An address is shown to who may see it and says why, for a minute, and never unnoticed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.fields import Ciphertext
from gateways.models import Action, AuditEntry
from tests.factories import EndUserFactory
from users.models import EndUser
from users.revealing import REVEALS

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
REASON = "The user asks why no mail came"


@pytest.fixture
def user():
    return EndUserFactory(email=EMAIL, phone=PHONE)


@pytest.fixture
def person():
    person = User.objects.create_user("mia", is_staff=True)
    codenames = ("view_enduser", "reveal_enduser")
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


@pytest.fixture
def staff(client, person):
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    return client


def reveal(staff, user, part="email", reason=REASON):
    url = reverse("admin:users_enduser_reveal", args=[user.pk, part])
    return staff.post(url, {"reason": reason})


def told():
    return [(entry.action, entry.reason) for entry in AuditEntry.objects.order_by("pk")]


@pytest.mark.parametrize(("part", "address"), [("email", EMAIL), ("phone", PHONE)])
def test_an_address_is_revealed_to_who_says_why(staff, user, part, address):
    answer = reveal(staff, user, part)
    assert address in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.reason) == ("mia", Action.REVEALED, REASON)
    assert (entry.subject_id, entry.label_id) == (str(user.pk), user.label_id)
    assert entry.changes == {"address": part}


def test_nothing_is_shown_without_being_written_down_first(staff, user, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("no audit")

    monkeypatch.setattr("users.revealing.record", fails)
    with pytest.raises(RuntimeError, match="no audit"):
        reveal(staff, user)


@pytest.mark.parametrize("reason", ["", "  short   ", "because"])
def test_no_reason_no_address(staff, user, reason):
    answer = reveal(staff, user, reason=reason)
    assert "Say why" in answer.content.decode()
    assert EMAIL not in answer.content.decode()
    assert [action for action, _ in told()] == [Action.REFUSED]


def test_an_address_in_the_reason_is_not_written_down(staff, user):
    reveal(staff, user, reason=f"asked for by {EMAIL} and by {PHONE}")
    assert "canary" not in str(told())
    assert "12345678" not in str(told())


def test_so_many_within_an_hour_and_no_more(staff, user, time_machine_at):
    for _ in range(REVEALS):
        assert EMAIL in reveal(staff, user).content.decode()
    answer = reveal(staff, user).content.decode()
    assert "Wait, or ask" in answer
    assert EMAIL not in answer
    other = EndUserFactory(label=user.label, email="else@mailbox.example")
    assert "else@mailbox.example" not in reveal(staff, other).content.decode()
    # The table is append-only: an hour passes by looking from a later moment.
    time_machine_at(timedelta(hours=1, seconds=1))
    assert EMAIL in reveal(staff, user).content.decode()


@pytest.fixture
def time_machine_at(monkeypatch):
    def later(by):
        moment = timezone.now() + by
        monkeypatch.setattr("users.revealing.database_now", lambda: moment)

    return later


def test_the_others_of_the_house_are_not_counted(staff, user, person):
    for _ in range(REVEALS):
        reveal(staff, user)
    colleague = User.objects.create_superuser("otto")
    staff.force_login(colleague, "django.contrib.auth.backends.ModelBackend")
    assert EMAIL in reveal(staff, user).content.decode()


def test_who_may_not_reveal_is_refused_and_told_of(staff, user, person):
    person.user_permissions.remove(Permission.objects.get(codename="reveal_enduser"))
    page = staff.get(reverse("admin:users_enduser_change", args=[user.pk]))
    assert "Reveal" not in page.content.decode()
    answer = reveal(staff, user)
    assert answer.status_code == 403
    assert EMAIL not in answer.content.decode()
    assert told() == [(Action.REFUSED, "You may not reveal addresses.")]


def test_the_page_and_the_mask_show_no_address(staff, user):
    reveal(staff, user)
    for url in (
        reverse("admin:users_enduser_change", args=[user.pk]),
        reverse("admin:users_enduser_history", args=[user.pk]),
        reverse("admin:users_enduser_masked", args=[user.pk, "email"]),
    ):
        page = staff.get(url).content.decode()
        assert "canary@mailbox" not in page
        assert "12345678" not in page
    assert "c***@m***.example" in page


def test_a_reveal_is_never_a_get_and_never_of_something_else(staff, user):
    assert (
        staff.get(reverse("admin:users_enduser_reveal", args=[user.pk, "email"])).status_code == 405
    )
    assert reveal(staff, user, "properties").status_code == 404
    assert reveal(staff, EndUser(pk=EndUserFactory.build().pk)).status_code == 404
    assert reveal(staff, EndUserFactory(phone=None), "phone").status_code == 404


def test_an_address_that_does_not_open_is_told(staff, user):
    EndUser.objects.filter(pk=user.pk).update(email=Ciphertext("t1$damaged"))
    assert "cannot be decrypted" in reveal(staff, user).content.decode()


def test_a_search_by_address_is_told_without_the_address(staff, user):
    find = reverse("admin:users_enduser_find")
    staff.post(find, {"sought": EMAIL})
    staff.post(find, {"sought": "user-77"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_type) == (Action.SEARCHED, "users.enduser")
    assert entry.changes == {"by": "address", "found": 1}
