import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from gateways.models import StaffLimit
from tests.factories import EndUserFactory, LabelFactory, MessageFactory

FIND = reverse("admin:find")
EMAIL = "canary@mailbox.example"


@pytest.fixture
def staff(client, db):
    client.force_login(User.objects.create_superuser("staff"))
    return client


def find(client, text):
    return client.post(FIND, {"sought": text})


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def led_to(answer) -> str:
    assert answer.status_code == 302
    return answer["Location"]


def test_the_only_hit_is_opened(staff):
    message = MessageFactory(uid="uid-77")
    user = EndUserFactory(ext_user_id=EMAIL)
    assert led_to(find(staff, f" {message.pk} ")) == page_of(message)
    assert led_to(find(staff, "uid-77")) == page_of(message)
    assert led_to(find(staff, EMAIL)) == led_to(find(staff, str(user.pk))) == page_of(user)


def test_an_end_user_is_found_by_the_labels_rule_of_ids(staff):
    stripping = LabelFactory(user_ids={"strip_prefix": "CRM-"})
    user = EndUserFactory(label=stripping, ext_user_id="4711")
    assert led_to(find(staff, "CRM-4711")) == page_of(user)


def test_several_hits_are_listed_by_kind_and_no_address_is_repeated(staff):
    first, second = EndUserFactory(ext_user_id=EMAIL), EndUserFactory(ext_user_id=EMAIL)
    message = MessageFactory(uid=EMAIL)
    answer = find(staff, EMAIL)
    text = answer.content.decode()
    assert all(page_of(row) in text for row in (first, second, message))
    assert "c***@m***.example" in text
    assert "canary" not in text


@pytest.mark.parametrize("text", ["", "nobody@canary.example", "canary\x00", "canary" * 100])
def test_what_is_not_there_is_said_not_to_be_there_and_not_repeated(staff, text):
    answer = find(staff, text)
    assert answer.status_code == 200
    assert "Nothing was found" in answer.content.decode()
    assert "canary" not in answer.content.decode()


def test_nothing_of_another_label_is_found(client, db):
    message, user = MessageFactory(uid="uid-77"), EndUserFactory(ext_user_id="4711")
    person = User.objects.create_superuser("limited")
    StaffLimit.objects.create(user=person).labels.add(LabelFactory())
    client.force_login(person)
    for text in (str(message.pk), "uid-77", "4711", str(user.pk)):
        assert find(client, text).status_code == 200


@pytest.mark.parametrize(
    ("permission", "finds_message"), [("view_message", True), ("view_enduser", False)]
)
def test_only_what_one_may_see_is_found(client, db, permission, finds_message):
    message, user = MessageFactory(uid="uid-77"), EndUserFactory(ext_user_id="4711")
    person = User.objects.create_user("half", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename=permission))
    client.force_login(person)
    seen, unseen = ("uid-77", "4711") if finds_message else ("4711", "uid-77")
    assert led_to(find(client, seen)) == page_of(message if finds_message else user)
    assert find(client, unseen).status_code == 200


def test_who_may_see_neither_has_no_search(client, db):
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert find(client, "uid-77").status_code == 403
    assert FIND not in client.get(reverse("admin:index")).content.decode()


def test_the_search_is_on_every_page_and_posts(staff):
    text = staff.get(reverse("admin:gateways_label_changelist")).content.decode()
    assert f'<form method="post" action="{FIND}"' in " ".join(text.split())


def test_what_is_sought_is_never_taken_from_a_url(staff):
    MessageFactory(uid="uid-77")
    answer = staff.get(FIND, {"sought": "uid-77"})
    assert answer.status_code == 200
    assert "uid-77" not in answer.content.decode()


def test_the_themes_own_search_is_gone(staff):
    assert staff.get("/admin/search/", {"s": "label", "extended": "1"}).status_code == 404
    assert "search-input-command" not in staff.get(reverse("admin:index")).content.decode()
