"""The guard's picture on a gateway's page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from gateway_project.back_office.guard import page
from gateway_project.back_office.guard.picture import HEIGHT, HOURS, picture
from gateways.values import GuardValues
from messages_app.counting.adding import add
from messages_app.guarding.verdict import Counts, Kind
from messages_app.models import Measure, Span, Tally
from tests.factories import GatewayFactory

NOW = datetime(2026, 3, 30, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GUARD = GuardValues(is_on=True, times=3.0, least=100, failure_share=0.5)
MONTH = {NOW - back * DAY: Counts(accepted=200) for back in range(1, 28)}


def drawn(shown, past=MONTH, strikes=None):
    return picture(GUARD, past, shown, strikes or {}, NOW)


def test_the_present_hour_is_the_last_bar_and_the_limit_lies_above_the_usual():
    found = drawn({NOW: Counts(accepted=300)})
    last = found.columns[-1]
    assert (len(found.columns), last.height, last.is_over) == (HOURS, HEIGHT / 4, False)
    assert (last.usual_height, last.limit_top) == (HEIGHT / 6, HEIGHT / 2)
    assert found.said == "300 messages this hour, 600 are too many"


def test_what_went_beyond_and_what_was_held_is_marked():
    shown = {NOW: Counts(accepted=601), NOW - 5 * HOUR: Counts(accepted=7)}
    found = drawn(shown, strikes={NOW - 5 * HOUR: {Kind.FAILURES}})
    marked = [(each.is_over, each.is_struck) for each in found.columns]
    assert (marked[-1], marked[-6]) == ((True, False), (False, True))
    assert found.columns[-6].title.endswith("7, usual at most 0, too many above 100, held")


def test_without_any_past_it_says_so_and_draws_what_is_set():
    found = drawn({}, past={})
    assert (found.is_learnt, found.days, found.limit) == (False, 0, 100)
    assert {each.limit_top for each in found.columns} == {HEIGHT / 2}


def test_what_is_far_beyond_is_cut_off_at_the_top():
    last = drawn({NOW: Counts(accepted=1_000_000)}).columns[-1]
    assert (last.top, last.height, last.limit_top) == (0, HEIGHT, HEIGHT / 2)


@pytest.mark.django_db
def test_it_is_drawn_from_the_counts(admin_client, monkeypatch):
    monkeypatch.setattr(page, "database_now", lambda: NOW + HOUR / 2)
    gateway = GatewayFactory(guard_least=50)
    known = {"label_id": gateway.label_id, "gateway_id": gateway.pk, "channel": "sms"}
    add([Tally(**known, start=NOW, span=Span.MINUTE, measure=Measure.ACCEPTED, count=1_234)])
    text = admin_client.get(reverse("admin:guard_picture", args=[gateway.pk])).content.decode()
    assert "1,234 messages this hour." in text
    assert "Nothing is learnt yet:" in text
    assert "The guard is off" in text
    assert text.count("guard-over") == 1


@pytest.mark.django_db
def test_of_no_gateway_there_is_none(admin_client):
    assert admin_client.get(reverse("admin:guard_picture", args=[999_999])).status_code == 404
