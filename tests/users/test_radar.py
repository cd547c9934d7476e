"""The radar of missing users: what it counts, and what it shows."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway_project.lib.collecting import flush_all
from tests.factories import BrandFactory, KeyFactory, LabelFactory
from tests.messages_app.house import build_house
from users.importing import upsert
from users.models import Blip, MissingHour
from users.radar import HOURS, blip, first_hour, forget_hours, full_hour
from users.radar_picture import HEIGHT, LOWEST, MOST_STRIPS, NO_BRAND, picture
from users.rows import row_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 14, 35, tzinfo=UTC)


def seen():
    rows = MissingHour.objects.order_by("brand_id", "blip")
    return list(rows.values_list("brand_id", "blip", "count"))


def happened(label, hours_ago, count, *, brand=None, blip=Blip.ASKED):
    MissingHour.objects.create(
        hour=full_hour(NOW) - timedelta(hours=hours_ago),
        label_id=label.pk,
        brand_id=brand.pk if brand else 0,
        blip=blip,
        count=count,
    )


def test_every_question_for_nobody_is_counted_by_the_keys_brand():
    house = build_house()
    brand = BrandFactory(label=house.label)
    KeyFactory(label=house.label, brand=brand, secret="of-the-brand")
    house.refusal(ext_user_id="anna")
    house.refusal(ext_user_id="anna")
    body = house.body(ext_user_id="ben")
    house.post(body=body, headers={"Authorization": "of-the-brand"})
    flush_all()
    house.refusal(ext_user_id="carl")
    flush_all()
    assert seen() == [(0, Blip.ASKED, 3), (brand.pk, Blip.ASKED, 1)]


def test_whoever_is_found_is_not_on_it():
    build_house().accepted()
    flush_all()
    assert seen() == []


def test_a_flood_of_made_up_ids_is_one_row():
    house = build_house()
    for number in range(50):
        house.refusal(ext_user_id=f"nobody-{number}")
    flush_all()
    assert seen() == [(0, Blip.ASKED, 50)]


def test_who_comes_is_counted_once_that_is_certain(django_capture_on_commit_callbacks):
    house = build_house()
    for name in ("anna", "ben"):
        house.refusal(ext_user_id=name)
    flush_all()
    rows = [row_of({"ext_user_id": name}) for name in ("anna", "ben", "carl")]
    with django_capture_on_commit_callbacks() as at_the_end:
        upsert(house.label.pk, rows)
    flush_all()
    assert seen() == [(0, Blip.ASKED, 2)]
    for call in at_the_end:
        call()
    flush_all()
    assert seen() == [(0, Blip.ASKED, 2), (0, Blip.CAME, 2)]


def test_hours_that_are_no_longer_shown_end():
    label = LabelFactory()
    blip(label.pk, None, Blip.ASKED)
    flush_all()
    kept = MissingHour.objects.get()
    oldest = first_hour(kept.hour)
    for hour in (oldest, oldest - timedelta(hours=2)):
        MissingHour.objects.create(hour=hour, label_id=label.pk, blip=Blip.ASKED, count=1)
    assert forget_hours() == 1
    assert list(MissingHour.objects.order_by("hour").values_list("hour", flat=True)) == [
        oldest,
        kept.hour,
    ]
    assert forget_hours() == 0


def test_the_picture_has_a_strip_for_each_brand_the_most_asked_for_first():
    label = LabelFactory()
    brand = BrandFactory(label=label, name="Amazing")
    happened(label, 0, 4)
    happened(label, 3, 30, brand=brand)
    happened(label, 30, 60, brand=brand)
    happened(label, 2, 7, brand=brand, blip=Blip.CAME)
    drawn = picture(NOW, [label.pk], [])
    assert [(strip.brand, strip.asked, strip.came) for strip in drawn.strips] == [
        ("Amazing", 90, 7),
        (NO_BRAND, 4, 0),
    ]
    assert [bar.height for bar in drawn.strips[0].bars] == [HEIGHT, HEIGHT / 2]
    assert "most at 09 Mar 08:00 UTC: 60" in drawn.strips[0].said
    assert drawn.strips[0].query == f"label__id__exact={label.pk}&brand__id__exact={brand.pk}"


def test_bars_stand_where_their_hours_are_and_can_be_seen():
    label = LabelFactory()
    happened(label, HOURS - 1, 1)
    happened(label, 0, 10_000)
    happened(label, HOURS, 5)
    oldest, present = picture(NOW, [label.pk], []).strips[0].bars
    assert (oldest.left, oldest.height, oldest.top) == (0, LOWEST, HEIGHT - LOWEST)
    assert present.left + 100 / HOURS == pytest.approx(100)
    assert picture(NOW, [label.pk], []).highest == 10_000
    assert (present.top, present.title) == (0, "10 Mar 14:00 UTC: 10,000")


def test_days_are_told_apart():
    days = picture(NOW, [], []).days
    assert [name for _, name in days] == [
        *("Wed 04", "Thu 05", "Fri 06", "Sat 07", "Sun 08", "Mon 09", "Tue 10"),
    ]
    assert days[0][0] == pytest.approx(100 * 9 / HOURS)


def test_other_labels_and_brands_are_left_out():
    label, other = LabelFactory(), LabelFactory()
    one, two = BrandFactory(label=label), BrandFactory(label=label)
    for brand in (one, two):
        happened(label, 1, 1, brand=brand)
    happened(other, 1, 1)
    assert len(picture(NOW, [label.pk], []).strips) == 2
    (strip,) = picture(NOW, [label.pk], [two.pk]).strips
    assert strip.brand == two.name


def test_no_picture_grows_beyond_a_page():
    label = LabelFactory()
    for brand in BrandFactory.create_batch(MOST_STRIPS + 2, label=label):
        happened(label, 1, 1, brand=brand)
    drawn = picture(NOW, [label.pk], [])
    assert (len(drawn.strips), drawn.left_out) == (MOST_STRIPS, 2)
