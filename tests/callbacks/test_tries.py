"""Outcomes are written in so many statements, however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks import tries
from callbacks.answers import Outcome, Verdict
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from callbacks.reporting import lease


def told(smartico, count, outcome):
    for _ in range(count):
        smartico.owe("accepted", "delivered")
    due = CallbackDelivery.objects.filter(status="accepted", settlement=Settlement.OWED)
    verdict = Verdict(outcome=outcome, http_status=500, detail="")
    return [
        tries.Told(tried=item, verdict=verdict, detail="away")
        for item in lease(due, count, timezone.now())
    ]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NOT_FOUND, Outcome.ACKNOWLEDGED])
def test_many_outcomes_take_no_more_statements_than_a_few(smartico, outcome):
    few = told(smartico, 2, outcome)
    with CaptureQueriesContext(connection) as of_few:
        tries.write(few)
    CallbackDelivery.objects.all().delete()
    many = told(smartico, 30, outcome)
    with CaptureQueriesContext(connection) as of_many:
        tries.write(many)
    assert DeliveryAttempt.objects.count() == 30
    assert len(of_many) == len(of_few)


def test_all_that_is_written_is_read_with_the_lock():
    assert set(tries.WRITTEN) <= set(tries.READ_BACK)
