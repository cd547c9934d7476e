"""What the send APIs answered, written after the fact."""

import pytest
from django.db import OperationalError

from gateway_project.lib.collecting import flush_all
from gateway_project.lib.vocabulary import Channel
from messages_app.counting import arrivals
from messages_app.models import Measure, Tally

pytestmark = pytest.mark.django_db


def counted(measure):
    rows = Tally.objects.filter(measure=measure)
    return sorted(rows.values_list("label_id", "channel", "part", "count"))


def test_an_accepted_request_leaves_its_latency(house):
    house.accepted(Channel.SMS)
    house.accepted(Channel.EMAIL)
    assert not Tally.objects.exists()
    flush_all()
    found = [
        (label, channel, count) for label, channel, _, count in counted(Measure.ACCEPT_LATENCY)
    ]
    assert found == [(house.label.pk, "email", 1), (house.label.pk, "sms", 1)]


def test_a_refusal_is_counted_by_its_number(house):
    for _ in range(2):
        house.refusal(ext_user_id="nobody")
    house.refusal(body=None)
    flush_all()
    assert counted(Measure.REFUSED) == [
        (house.label.pk, "sms", 1, 2),
        (house.label.pk, "sms", 22, 1),
    ]


def test_a_caller_whom_nobody_knows_is_counted_without_a_label(house):
    house.post(headers={"Authorization": "wrong"})
    house.post(path="/api/v1/fax")
    flush_all()
    assert counted(Measure.REFUSED) == [(0, "", 12, 1), (0, "sms", 10, 1)]


def test_statuses_and_pages_are_not_counted_here(house, client):
    client.get("/callbacks/status")
    client.get("/admin/login/")
    flush_all()
    assert not Tally.objects.exists()


def test_two_flushes_in_a_minute_add_up(house):
    for _ in range(2):
        house.refusal(ext_user_id="nobody")
        flush_all()
    assert sum(count for *_, count in counted(Measure.REFUSED)) == 2


def test_without_a_database_nothing_is_lost_and_nothing_raised(house, monkeypatch):
    house.refusal(ext_user_id="nobody")
    with monkeypatch.context() as patch:
        patch.setattr(arrivals, "add", _no_database)
        flush_all()
    assert not Tally.objects.exists()
    flush_all()
    assert counted(Measure.REFUSED) == [(house.label.pk, "sms", 1, 1)]


def _no_database(tallies):
    raise OperationalError
