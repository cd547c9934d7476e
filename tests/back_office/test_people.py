"""Who lets whom in, with which roles; and that nobody gives away more than they have."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from gateway_project.back_office.roles import ROLES
from gateways.models import Action, AuditEntry, StaffLimit
from tests.back_office.people import PASSWORD, browser_of, person_with
from tests.factories import LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in

pytestmark = pytest.mark.django_db

ADD = "admin:auth_user_add"
NEW_PASSWORD = "another-long-passphrase"


@pytest.fixture
def administrator() -> Client:
    return browser_of(person_with("administrator"))


@pytest.fixture
def root() -> Client:
    return browser_of(User.objects.create_superuser("root"))


@pytest.fixture
def colleague() -> User:
    return person_with("support", name="colleague")


def page_of(person: User, page: str = "change") -> str:
    return reverse(f"admin:auth_user_{page}", args=[person.pk])


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def change(browser: Client, person: User, **changes: Any) -> Any:
    url = page_of(person)
    return browser.post(url, filled_in(browser, url, **changes))


def add(browser: Client, **changes: Any) -> Any:
    data = {
        "username": "newcomer",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    return browser.post(reverse(ADD), data | changes)


def test_a_person_is_let_in_with_a_role_and_a_limit(administrator):
    label = LabelFactory()
    answer = add(administrator, groups=[role("operator")], is_limited="on", labels=[label.pk])
    assert errors_of(answer) == {}
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.is_staff
    assert [group.name for group in newcomer.groups.all()] == ["operator"]
    assert list(newcomer.staff_limit.labels.all()) == [label]
    entry = AuditEntry.objects.get(action=Action.ADDED)
    assert entry.changes["roles"] == [None, ["operator"]]
    assert entry.changes["labels"] == [None, [label.slug]]
    assert NEW_PASSWORD not in str(entry.changes)
    visitor = Client()
    visitor.post("/admin/login/", {"username": "newcomer", "password": NEW_PASSWORD})
    assert visitor.get("/admin/").status_code == 200


def test_a_limit_is_set_and_lifted(administrator, colleague):
    label = LabelFactory()
    change(administrator, colleague, is_limited="on", labels=[label.pk])
    assert list(StaffLimit.objects.get(user=colleague).labels.all()) == [label]
    url = page_of(colleague)
    data = {k: v for k, v in filled_in(administrator, url).items() if k != "is_limited"}
    administrator.post(url, data)
    assert not StaffLimit.objects.filter(user=colleague).exists()
    told = [entry.changes for entry in AuditEntry.objects.order_by("pk")]
    assert told == [{"labels": ["all", [label.slug]]}, {"labels": [[label.slug], "all"]}]


def test_a_deactivated_person_is_out_at_once(administrator, colleague):
    at_work = browser_of(colleague)
    url = page_of(colleague)
    data = {k: v for k, v in filled_in(administrator, url).items() if k != "is_active"}
    administrator.post(url, data)
    assert at_work.get("/admin/").status_code == 302


def test_people_are_not_deleted(root, colleague):
    assert root.get(page_of(colleague, "delete")).status_code == 403


def test_only_superusers_see_and_set_what_makes_one(administrator, root, colleague):
    fields = ("is_superuser", "user_permissions")
    for name in fields:
        assert f'name="{name}"' in root.get(page_of(colleague)).content.decode()
        assert f'name="{name}"' not in administrator.get(page_of(colleague)).content.decode()
    some = Permission.objects.first()
    change(administrator, colleague, is_superuser="on", user_permissions=[some.pk], is_staff="on")
    colleague.refresh_from_db()
    assert not colleague.is_superuser
    assert not colleague.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "password_change", "reset_second_factor"])
@pytest.mark.parametrize("is_active", [True, False])
def test_a_superuser_is_managed_by_superusers_only(administrator, root, page, is_active):
    chief = User.objects.create_superuser("chief", is_active=is_active)
    for method in ("get", "post"):
        refused = getattr(administrator, method)(page_of(chief, page))
        assert (refused.status_code, method, page) in {
            (403, method, page),
            (200, "get", "change"),  # to read
        }
        assert getattr(root, method)(page_of(chief, page)).status_code in (200, 302)


@pytest.mark.parametrize("is_active", [True, False])
def test_who_may_do_more_is_not_managed(administrator, is_active):
    """Not even when inactive: the account could be woken with a password of one's own."""
    person = person_with("support", name="special")
    person.user_permissions.add(Permission.objects.get(codename="delete_permission"))
    person.is_active = is_active
    person.save()
    assert administrator.post(page_of(person), {"is_active": "on"}).status_code == 403
    assert administrator.post(page_of(person, "password_change")).status_code == 403


def test_a_role_with_more_than_ones_own_rights_is_not_given(administrator, colleague):
    strong = Group.objects.create(name="strong")
    strong.permissions.add(Permission.objects.get(codename="delete_permission"))
    answer = change(administrator, colleague, groups=[strong.pk])
    assert "groups" in errors_of(answer)
    assert not colleague.groups.filter(name="strong").exists()


def test_a_manager_of_people_gives_no_role_beyond_their_own(colleague):
    clerk = person_with("support", name="clerk")
    codenames = ["view_user", "add_user", "change_user"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = browser_of(clerk)
    assert "groups" in errors_of(add(browser, groups=[role("administrator")]))
    assert "groups" in errors_of(change(browser, colleague, groups=[role("operator")]))
    assert errors_of(add(browser, groups=[role("support")])) == {}


def test_nobody_changes_their_own_roles_limit_or_state(root):
    label = LabelFactory()
    person = person_with("administrator", name="self")
    browser = browser_of(person)
    change(browser, person, groups=[], is_limited="on", labels=[label.pk], is_superuser="on")
    person.refresh_from_db()
    assert person.is_active
    assert not person.is_superuser
    assert [group.name for group in person.groups.all()] == ["administrator"]
    assert not StaffLimit.objects.exists()


@pytest.mark.parametrize("model", ["user", "group"])
def test_who_is_limited_manages_no_people(model, colleague):
    limited = person_with("administrator", name="limited", labels=[LabelFactory()])
    chief = User.objects.create_superuser("chief")
    StaffLimit.objects.create(user=chief)
    row = colleague.pk if model == "user" else role("support")
    for person in (limited, chief):
        browser = browser_of(person)
        for page, args in (("changelist", []), ("add", []), ("change", [row]), ("history", [row])):
            url = reverse(f"admin:auth_{model}_{page}", args=args)
            assert browser.get(url).status_code in (403, 404), url
            assert browser.post(url).status_code in (403, 404), url


def test_the_roles_of_the_house_stand_as_they_are_declared(root, administrator):
    for name in ROLES:
        for browser in (root, administrator):
            url = reverse("admin:auth_group_change", args=[role(name)])
            assert browser.get(url).status_code == 200
            assert browser.post(url, {"name": name, "permissions": []}).status_code == 403
            delete = reverse("admin:auth_group_delete", args=[role(name)])
            assert browser.post(delete, {"post": "yes"}).status_code == 403


def test_a_role_of_ones_own_holds_ones_own_rights_only(administrator):
    mine = Permission.objects.get(codename="view_message")
    foreign = Permission.objects.get(codename="delete_permission")
    url = reverse("admin:auth_group_add")
    refused = administrator.post(url, {"name": "readers", "permissions": [mine.pk, foreign.pk]})
    assert "permissions" in errors_of(refused)
    assert administrator.post(url, {"name": "readers", "permissions": [mine.pk]}).status_code == 302
    entry = AuditEntry.objects.get(subject_type="auth.group")
    assert entry.changes["permissions"] == [None, ["messages_app.view_message"]]


def test_a_new_password_is_told_and_not_shown(administrator, colleague):
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    answer = administrator.post(page_of(colleague, "password_change"), passwords)
    assert answer.status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.changes == {"password": "changed"}
    colleague.refresh_from_db()
    assert colleague.check_password(NEW_PASSWORD)


def test_ones_own_password_takes_the_old_one():
    person = person_with("administrator")
    browser = browser_of(person)
    answer = browser.get(page_of(person, "password_change"))
    assert answer["Location"] == reverse("admin:password_change")
    typed = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    change_own = reverse("admin:password_change")
    assert "old_password" in browser.post(change_own, typed).context["form"].errors
    assert browser.post(change_own, typed | {"old_password": PASSWORD}).status_code == 302
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("spelt", ["{}", "0{}", " {}", "+{}"])
def test_ones_own_password_is_not_set_without_the_old_one_however_ones_key_is_spelt(db, spelt):
    person = person_with("administrator")
    path = f"/admin/auth/user/{spelt.format(person.pk)}/password/"
    posted = {"password1": "another-long-passphrase", "password2": "another-long-passphrase"}
    answer = browser_of(person).post(path, posted)
    assert answer.url == reverse("admin:password_change")
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize("role_id", ["9" * 30, "-" + "9" * 30, "\x00", "²", "9" * 5_000])
def test_a_role_that_cannot_be_is_a_choice_that_is_not_there(administrator, colleague, role_id):
    refused = change(administrator, colleague, groups=[role_id])
    assert refused.status_code == 200
    assert set(errors_of(refused)) == {"groups"}


def test_a_permission_that_cannot_be_is_a_choice_that_is_not_there(root):
    url = reverse("admin:auth_group_add")
    refused = root.post(url, {"name": "newcomers", "permissions": ["9" * 30]})
    assert set(errors_of(refused)) == {"permissions"}
