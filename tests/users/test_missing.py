"""Missing users: listed until they come."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.collecting import flush_all
from tests.factories import BrandFactory, KeyFactory
from tests.messages_app.house import build_house
from users import missing
from users.importing import upsert
from users.models import MissingUser
from users.rows import row_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return build_house()


def listed():
    rows = MissingUser.objects.order_by("ext_user_id")
    return list(rows.values_list("ext_user_id", "times"))


def test_who_is_asked_for_in_vain_is_listed_once(house):
    for name in ("anna", "anna", "ben"):
        house.refusal(ext_user_id=name)
    flush_all()
    house.refusal(ext_user_id="anna")
    flush_all()
    assert listed() == [("anna", 3), ("ben", 1)]


def test_who_is_found_is_not_listed(house):
    house.accepted()
    flush_all()
    assert listed() == []


def test_it_is_the_platforms_own_id_that_is_listed():
    house = build_house(user_ids={"strip_prefix": "amazing:"})
    house.refusal(ext_user_id="amazing:anna")
    flush_all()
    assert listed() == [("anna", 1)]


def test_an_import_ends_it(house):
    house.refusal(ext_user_id="anna")
    flush_all()
    upsert(house.label.pk, [row_of({"ext_user_id": "anna"})])
    assert listed() == []


def test_who_came_between_the_question_and_the_writing_is_not_listed(house):
    house.refusal(ext_user_id="anna")
    upsert(house.label.pk, [row_of({"ext_user_id": "anna"})])
    flush_all()
    assert listed() == []


def test_another_brands_user_is_missing_in_the_keys_brand(house):
    other = BrandFactory(label=house.label)
    KeyFactory(label=house.label, brand=other, secret="of-the-other-brand")
    answer = house.post(headers={"Authorization": "of-the-other-brand"})
    assert answer["error_code"] == 1
    flush_all()
    row = MissingUser.objects.get()
    assert (row.ext_user_id, row.brand) == (house.user.ext_user_id, other)


def test_a_flood_is_told_in_a_number(house, monkeypatch):
    monkeypatch.setattr(missing, "LISTED_PER_HOUR", 3)
    for number in range(5):
        house.refusal(ext_user_id=f"nobody-{number}")
    flush_all()
    house.refusal(ext_user_id="one-more")
    flush_all()
    assert len(listed()) == 4
    assert listed()[0] == (missing.UNLISTED, 3)


def test_after_a_week_without_a_question_it_is_forgotten(house):
    house.refusal(ext_user_id="anna")
    house.refusal(ext_user_id="ben")
    flush_all()
    long_ago = timezone.now() - timedelta(days=8)
    MissingUser.objects.filter(ext_user_id="anna").update(last_asked_at=long_ago)
    assert missing.forget_missing() == 1
    assert listed() == [("ben", 1)]
    assert missing.forget_missing() == 0
