from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks import lanes
from callbacks.lanes import Lane, due_lanes, lanes_with_debts
from callbacks.models import CallbackDelivery, Settlement
from gateway_project.operations.lateness import standing_callbacks
from tests.factories import LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def owe(label, host, **values):
    now = timezone.now()
    return CallbackDelivery.objects.create(
        **{
            "message": MessageFactory(label=label),
            "label": label,
            "host": host,
            "status": "accepted",
            "due_at": now - MINUTE,
            "created_at": now - MINUTE,
            **values,
        }
    )


def test_a_lane_is_named_by_label_and_host():
    for host in ("https://api.smartico.ai", "http://127.0.0.1:8099", ""):
        lane = Lane(label_id=7, host=host)
        assert Lane.of_key(lane.key) == lane


def test_every_lane_with_something_due_is_named_once_the_longest_due_first():
    one, two = LabelFactory(), LabelFactory()
    for label, host in [(two, "https://b"), (two, "https://a"), (one, "https://a"), (one, "")]:
        owe(label, host)
        owe(label, host)
    assert due_lanes() == [
        f"{two.pk}/https://b",
        f"{two.pk}/https://a",
        f"{one.pk}/https://a",
        f"{one.pk}/",
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"settlement": Settlement.ACKNOWLEDGED},
        {"settlement": Settlement.DEAD},
        {"due_at": timezone.now() + timedelta(days=1)},
        {"lease": uuid4(), "lease_until": timezone.now() + timedelta(days=1)},
    ],
)
def test_what_is_settled_or_waits_or_is_leased_is_not_due(values):
    owe(LabelFactory(), "https://a", **values)
    assert due_lanes() == []


def test_an_expired_lease_is_due_again():
    owe(LabelFactory(), "https://a", lease=uuid4(), lease_until=timezone.now() - MINUTE)
    assert len(due_lanes()) == 1


def test_a_suspended_label_has_no_due_lane():
    label = LabelFactory(callbacks_suspended_at=timezone.now())
    owe(label, "https://a")
    assert due_lanes() == []


def test_those_behind_many_that_are_due_are_named_in_turns(monkeypatch):
    monkeypatch.setattr(lanes, "LONGEST_DUE", 3)
    monkeypatch.setattr(lanes, "MOST_LEAPS", 3)
    label, later = LabelFactory(), timezone.now() + timedelta(days=1)
    for _ in range(3):
        owe(label, "https://first", due_at=timezone.now() - 2 * MINUTE)
    owe(label, "")
    for number in range(4):
        owe(label, f"https://b{number}")
        owe(label, f"https://c{number}", due_at=later)
    owe(label, "https://z")
    looks = [due_lanes() for _ in range(6)]
    assert {look[0] for look in looks} == {f"{label.pk}/https://first"}
    assert max(map(len, looks)) <= 4
    behind = ("", *(f"https://b{number}" for number in range(4)), "https://z")
    assert {key for look in looks for key in look[1:]} == {f"{label.pk}/{host}" for host in behind}


def test_what_one_label_is_owed_hides_no_other(monkeypatch):
    monkeypatch.setattr(lanes, "LONGEST_DUE", 2)
    one, two = LabelFactory(), LabelFactory()
    for _ in range(5):
        owe(one, "https://a")
    owe(two, "https://a")
    assert due_lanes() == [f"{one.pk}/https://a", f"{two.pk}/https://a"]


def test_looking_costs_the_same_however_much_is_owed_to_however_many():
    label = LabelFactory()
    suspended = LabelFactory(callbacks_suspended_at=timezone.now())
    owe(label, "https://a")

    def cost(count):
        later = timezone.now() + timedelta(days=1)
        for number in range(count):
            owe(label, "https://a")
            owe(label, f"https://{count}.{number}", due_at=later)
            owe(suspended, f"https://{count}.{number}")
        with CaptureQueriesContext(connection) as queries:
            assert due_lanes() == [f"{label.pk}/https://a"]
            assert len(lanes_with_debts(label.pk)) > count
            assert [each.label_id for each in standing_callbacks(timezone.now() + MINUTE)]
        return len(queries)

    assert cost(1) == cost(10)


def test_of_lanes_on_hold_those_are_forgotten_whose_time_has_come(monkeypatch):
    monkeypatch.setattr(lanes, "MOST_HELD", 3)
    monkeypatch.setattr(lanes, "_held_until", held := {})
    for number in range(9):
        Lane(label_id=1, host=f"https://{number}").hold(0.0)
    Lane(label_id=1, host="https://long").hold(60.0)
    for number in range(9):
        Lane(label_id=1, host=f"https://{number}").hold(0.0)
    assert len(held) <= 3
    assert not Lane(label_id=1, host="https://long").is_open
