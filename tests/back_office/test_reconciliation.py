"""The page of what was learnt on each day, and what Smartico has acknowledged of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from callbacks.models import DayCount
from gateways.models import Label
from tests.back_office.people import browser_of, person_with
from tests.factories import LabelFactory

TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
PAGE = reverse("admin:reconciliation")
EXPORT = reverse("admin:reconciliation_export")

pytestmark = pytest.mark.django_db


@pytest.fixture
def support():
    return browser_of(person_with("support"))


def count(label, standing, number, day=TODAY - DAY, **values):
    DayCount.objects.create(
        **{"channel": "sms", "status": "delivered", **values},
        label_id=label.pk,
        day=day,
        standing=standing,
        count=number,
    )


def shown(client, **query):
    return client.get(PAGE, query).context


def test_a_day_with_everything_acknowledged_has_no_difference(support):
    label = LabelFactory()
    count(label, "acknowledged", 1_234)
    count(label, "quiet", 5)
    page = support.get(PAGE)
    (row,) = page.context["days"]
    assert (row.balance.learnt, row.balance.to_be_reported) == (1_239, 1_234)
    assert (row.balance.difference, row.share) == (0, 100)
    assert "1,234" in page.content.decode()


def test_a_single_missing_acknowledgement_is_never_rounded_away(support):
    label = LabelFactory()
    count(label, "acknowledged", 99_999)
    count(label, "dead", 1)
    (row,) = shown(support)["days"]
    assert (row.balance.difference, row.share, row.dead) == (1, 99, 1)


def test_days_come_latest_first_and_today_is_not_over(support):
    label = LabelFactory()
    for back in (2, 0, 1):
        count(label, "acknowledged", 1, day=TODAY - back * DAY)
    count(label, "acknowledged", 1, day=TODAY - 31 * DAY)
    days = shown(support)["days"]
    assert [row.title for row in days] == [str(TODAY - back * DAY) for back in (0, 1, 2)]
    assert [bool(row.note) for row in days] == [True, False, False]


def test_a_day_is_opened_by_channel_and_status(support):
    label = LabelFactory()
    count(label, "acknowledged", 1)
    count(label, "mismatch", 2, channel="email", status="opened")
    count(label, "owed", 3, day=TODAY)
    assert shown(support)["lines"] == []
    first, second = shown(support, day=str(TODAY - DAY))["lines"]
    assert (first.note, first.title, first.mismatch) == ("E-mail", "opened", 2)
    assert (second.title, second.acknowledged) == ("delivered", 1)
    assert shown(support, day="never")["lines"] == []


def test_one_label_is_shown_where_one_is_chosen(support):
    one, other = LabelFactory(), LabelFactory()
    count(one, "acknowledged", 1)
    count(other, "dead", 2)
    assert shown(support)["days"][0].balance.learnt == 3
    (row,) = shown(support, label=other.pk)["days"]
    assert row.balance.learnt == 2
    assert f"label={other.pk}" in row.link


def test_nobody_sees_the_days_of_labels_that_are_not_theirs():
    mine, other = LabelFactory(), LabelFactory()
    count(mine, "acknowledged", 1)
    count(other, "dead", 2)
    person = browser_of(person_with("support", labels=[mine]))
    assert shown(person)["days"][0].balance.learnt == 1
    assert shown(person, label=other.pk)["days"][0].balance.learnt == 1
    assert other.slug not in person.get(EXPORT, {"label": other.pk}).content.decode()


def test_suspended_callbacks_are_told(support):
    label = LabelFactory()
    count(label, "owed", 1)
    Label.objects.update(callbacks_suspended_at=timezone.now())
    assert f"Callbacks of {label} are suspended" in support.get(PAGE).content.decode()


def test_an_empty_house_says_so(support):
    assert "No status was learnt" in support.get(PAGE).content.decode()


def test_the_file_has_a_line_for_each_day_label_channel_and_status(support):
    label = LabelFactory(slug="amazing")
    count(label, "acknowledged", 7)
    count(label, "dead", 1)
    answer = support.get(EXPORT)
    assert answer["Content-Type"].startswith("text/csv")
    head, line = answer.content.decode().splitlines()
    told = dict(zip(head.split(","), line.split(","), strict=True))
    assert told == {
        **{"day": str(TODAY - DAY), "label": "amazing", "channel": "sms", "status": "delivered"},
        **{"learnt": "8", "to_be_reported": "8", "acknowledged": "7", "dead": "1"},
        **{"quiet": "0", "unwanted": "0", "owed": "0", "mismatch": "0", "difference": "1"},
    }
