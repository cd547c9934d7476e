"""Outcomes are written in so many statements, however many there are."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from callbacks import outcomes
from callbacks.answers import Outcome, Verdict
from callbacks.claiming import lease
from callbacks.models import Booking, CallbackDelivery, DeliveryAttempt, Settlement
from callbacks.tries import Told
from tests.callbacks.statements import statements


def told(smartico, count, outcome, **values):
    for _ in range(count):
        smartico.owe("accepted", "delivered", **values)
    due = CallbackDelivery.objects.filter(status="accepted", settlement=Settlement.OWED)
    verdict = Verdict(outcome=outcome, http_status=200, detail="")
    return [
        Told(tried=item, verdict=verdict, detail="")
        for item in lease(due.order_by("pk"), count, timezone.now())
    ]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_FOUND, Outcome.ACKNOWLEDGED])
def test_many_outcomes_take_no_more_statements_than_a_few(smartico, monkeypatch, outcome):
    # A statement of SQLite holds so many values.
    count = 30 if connection.vendor == "sqlite" else 100
    few = told(smartico, count // 10, outcome)
    with statements(monkeypatch) as of_few:
        outcomes.write(few)
    CallbackDelivery.objects.all().delete()
    many = told(smartico, count, outcome)
    with statements(monkeypatch) as of_many:
        outcomes.write(many)
    assert DeliveryAttempt.objects.count() == count
    assert len(of_many) == len(of_few)


@pytest.mark.postgresql
def test_what_was_heard_is_written_in_one_statement(smartico, monkeypatch):
    heard = told(smartico, 10, Outcome.ACKNOWLEDGED)
    with statements(monkeypatch) as asked:
        outcomes.write(heard)
    assert len(asked) == 1


def test_all_that_is_written_is_read_with_the_lock():
    assert set(outcomes.WRITTEN) <= set(outcomes.READ_BACK)


COLUMNS = ("status", "settlement", "attempts")


def written(write, smartico):
    """What stands in the database after every case that there is of something heard: told for the
    first time, again after a mismatch, after somebody else has told it, twice at once, after its
    lease was lost, after it was deleted."""
    heard = told(smartico, 6, Outcome.ACKNOWLEDGED)
    rows = CallbackDelivery.objects.order_by("pk")
    ids = [one.delivery_id for one in heard]
    yesterday = timezone.now() - timedelta(days=1)
    rows.filter(pk=ids[0]).update(created_at=yesterday, attempts=3, first_failed_at=yesterday)
    rows.filter(pk=ids[1]).update(settlement=Settlement.MISMATCH)
    rows.filter(pk=ids[2]).update(settlement=Settlement.ACKNOWLEDGED, attempts=7, lease=None)
    rows.filter(pk=ids[3]).update(lease=uuid4())
    rows.filter(pk=ids[4]).delete()
    before = timezone.now()
    write([*reversed(heard), heard[5]])
    settled = list(rows.filter(pk__in=ids).exclude(settled_at=None).values_list("pk", flat=True))
    assert all(row.settled_at >= before for row in rows.exclude(settled_at=None))
    tries = DeliveryAttempt.objects.order_by("delivery", "pk")
    known = {pk: place for place, pk in enumerate(ids)}
    return {
        "rows": list(rows.values_list(*COLUMNS)),
        "held": [(row.lease is None, row.lease_until is None) for row in rows],
        "settled": [known[pk] for pk in settled],
        "tries": [
            (known[each.delivery_id], each.http_status, each.outcome, each.detail) for each in tries
        ],
        "booked": sorted(
            Booking.objects.values_list("day", "channel", "status", "standing", "count")
        ),
    }


@pytest.mark.postgresql
def test_the_statement_writes_what_the_slow_reading_writes(smartico):
    at_once = written(outcomes.write, smartico)
    for model in (DeliveryAttempt, CallbackDelivery, Booking):
        model.objects.all().delete()
    slowly = written(outcomes.write_any, smartico)
    assert len(at_once["tries"]) == 6
    assert at_once == slowly


def test_started_and_finished_are_told_of_each_try(smartico):
    heard = told(smartico, 2, Outcome.ACKNOWLEDGED)
    outcomes.write(heard)
    for one in heard:
        tried = DeliveryAttempt.objects.get(delivery=one.delivery_id)
        assert tried.started_at == one.tried.started_at
        assert tried.finished_at >= tried.started_at
