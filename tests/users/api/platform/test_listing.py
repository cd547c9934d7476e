"""The platform reads its users page by page."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateways import allowances
from tests.factories import EndUserFactory, LabelFactory
from tests.platform_caller import BRAND_SECRET, error, get
from users.models import EndUser

USERS = "/platform/v1/users"


def pages(**parameters) -> list[list[str]]:
    """The ids of all pages, one after the other."""
    found, cursor = [], None
    while True:
        told = get(USERS, parameters | ({"cursor": cursor} if cursor else {})).json()
        found.append([each["ext_user_id"] for each in told["users"]])
        cursor = told["next"]
        if cursor is None:
            return found


@pytest.fixture
def users(label) -> list[str]:
    """Seven, of whom the middle ones were changed at one and the same moment."""
    EndUserFactory(label=LabelFactory(), ext_user_id="of another label")
    for number in range(7):
        EndUserFactory(label=label, ext_user_id=str(number))
    moment = timezone.now() - timedelta(hours=1)
    for number in (2, 3, 4):
        EndUser.objects.filter(ext_user_id=str(number)).update(updated_at=moment)
    for number in (5, 6, 0, 1):
        moment += timedelta(seconds=1)
        EndUser.objects.filter(ext_user_id=str(number)).update(updated_at=moment)
    return ["2", "3", "4", "5", "6", "0", "1"]


def test_every_user_is_on_one_page_in_the_order_of_changes(users):
    assert pages() == [users]
    assert pages(limit=7) == [users]
    assert pages(limit=3) == [users[:3], users[3:6], users[6:]]
    assert pages(limit=2) == [users[:2], users[2:4], users[4:6], users[6:]]


def test_a_user_who_is_changed_meanwhile_comes_again_and_none_is_missed(users, label):
    first = get(USERS, {"limit": 4}).json()
    EndUser.objects.get(label=label, ext_user_id="3").save()

    rest = get(USERS, {"cursor": first["next"]}).json()

    assert [each["ext_user_id"] for each in rest["users"]] == ["6", "0", "1", "3"]


def test_only_those_who_were_changed_since_a_moment_are_listed(users, label):
    moment = EndUser.objects.get(label=label, ext_user_id="6").updated_at

    assert pages(updated_since=moment.isoformat()) == [["6", "0", "1"]]
    assert pages(updated_since=moment.isoformat(), limit=2) == [["6", "0"], ["1"]]
    assert pages(updated_since="2999-01-01T00:00:00Z") == [[]]


def test_only_those_of_a_brand_are_listed(users, label, brand, other_brand, brand_key):
    EndUser.objects.filter(label=label, ext_user_id__in="26").update(brand=brand)
    EndUser.objects.filter(label=label, ext_user_id__in="3").update(brand=other_brand)

    assert pages(brand="a", limit=1) == [["2"], ["6"]]
    assert pages(brand="nope") == [[]]
    own = get(USERS, key=BRAND_SECRET).json()["users"]
    assert [each["ext_user_id"] for each in own] == ["2", "6"]
    assert get(USERS, {"brand": "b"}, key=BRAND_SECRET).json()["users"] == []


def test_a_page_is_a_handful_of_statements(label, django_assert_max_num_queries):
    EndUserFactory.create_batch(30, label=label)
    get(USERS)
    with django_assert_max_num_queries(5):
        get(USERS)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "canary"}, "cursor"),
        ({"cursor": f"{'9' * 17}.{'0' * 32}"}, "cursor"),
        ({"cursor": f"1.{'0' * 32}\n"}, "cursor"),
        ({"updated_since": "canary"}, "updated_since"),
        ({"updated_since": "2026-01-01T00:00:00"}, "updated_since"),
        ({"updated_since": "2026-01-01T00:00:00 01:00"}, "updated_since"),
        ({"updated_since": "9999-12-31T23:59:59-14:00"}, "updated_since"),
        ({"updated_sinse": "2026-01-01T00:00:00Z"}, ""),
        ({"limit": ["1", "2"]}, "limit"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(label, parameters, field):
    response = get(USERS, parameters)

    assert error(response) == (422, "invalid", field)
    assert "canary" not in response.content.decode()


@pytest.mark.parametrize("cursor", [f".{'0' * 32}", f"{'9' * 16}.{'f' * 32}"])
def test_a_cursor_at_either_end_of_time_is_one(users, cursor):
    assert get(USERS, {"cursor": cursor}).status_code == 200


@time_machine.travel("2026-01-01T00:00:00.300Z", tick=False)
def test_every_answer_says_how_many_requests_are_left(label, monkeypatch):
    monkeypatch.setattr(allowances, "clock", lambda: "1772970000000000")
    first, second = get(USERS), get(USERS)

    assert first["RateLimit-Policy"] == '"platform";q=100;w=1'
    assert (first["RateLimit"], second["RateLimit"]) == (
        '"platform";r=99;t=1',
        '"platform";r=98;t=1',
    )
    assert first["Cache-Control"] == "no-store"
