from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.lanes import Lane, due_lanes, lanes_with_debts
from callbacks.models import CallbackDelivery, Settlement
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


def test_every_lane_with_something_due_is_named_once():
    one, two = LabelFactory(), LabelFactory()
    for label, host in [(one, "https://b"), (one, "https://a"), (two, "https://a"), (two, "")]:
        owe(label, host)
        owe(label, host)
    assert due_lanes() == [
        f"{one.pk}/https://a",
        f"{one.pk}/https://b",
        f"{two.pk}/",
        f"{two.pk}/https://a",
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


def test_looking_for_lanes_costs_the_same_however_much_is_owed():
    label = LabelFactory()

    def cost(count):
        for _ in range(count):
            owe(label, "https://a")
        with CaptureQueriesContext(connection) as queries:
            assert len(list(lanes_with_debts())) == 1
        return len(queries)

    assert cost(1) == cost(10)
