"""What the command says of a day."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.models import Booking, DayCount
from callbacks.reconciling.reading import read
from tests.factories import LabelFactory

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


def count(label, standing, number=1, model=DayCount, day=YESTERDAY, **values):
    model.objects.create(
        **{"channel": "sms", "status": "delivered", **values},
        label_id=label.pk,
        day=day,
        standing=standing,
        count=number,
    )


def run(*args):
    """What is printed, and the exit code."""
    out = StringIO()
    try:
        call_command("reconcile", *args, stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


def test_a_balance_is_what_was_added_up_and_what_is_booked_since():
    label = LabelFactory()
    count(label, "owed", 5)
    count(label, "owed", -3, model=Booking)
    count(label, "acknowledged", 3, model=Booking)
    count(label, "quiet", 2)
    count(label, "unwanted", 4)
    (balance,) = read([label.pk], YESTERDAY, YESTERDAY).values()
    assert (balance.learnt, balance.to_be_reported, balance.difference) == (11, 5, 2)


def test_reading_is_one_statement_whatever_there_is():
    label = LabelFactory()
    for channel in ("sms", "email", "viber"):
        count(label, "owed", channel=channel)
    with CaptureQueriesContext(connection) as queries:
        assert len(read([label.pk], YESTERDAY, TODAY)) == 3
    assert len(queries) == 1


@pytest.mark.parametrize("standing", ["owed", "dead", "mismatch"])
def test_a_day_that_is_over_and_lacks_something_fails(standing):
    label = LabelFactory(slug="amazing")
    count(label, "acknowledged", 2)
    assert run()[1] == 0
    count(label, standing)
    assert run()[1] == 1
    assert run(f"--day={YESTERDAY}", "--label=amazing")[1] == 1


def test_today_may_still_lack_something():
    label = LabelFactory()
    count(label, "owed", day=TODAY)
    told, code = run(f"--day={TODAY}")
    assert code == 0
    assert told.splitlines()[-1].split()[0] == "all"
    assert told.splitlines()[-1].split()[-1] == "1"


def test_what_nobody_is_to_be_told_lacks_nothing():
    label = LabelFactory()
    count(label, "quiet")
    count(label, "unwanted")
    assert run()[1] == 0


def test_another_labels_day_is_another():
    count(LabelFactory(slug="amazing"), "acknowledged")
    count(LabelFactory(slug="other"), "dead")
    assert run("--label=amazing")[1] == 0
    assert run("--label=other")[1] == 1


def test_a_program_reads_the_same():
    count(LabelFactory(slug="amazing"), "dead", 3)
    told, code = run("--json")
    report = json.loads(told)
    assert (report["day"], report["difference"], code) == (str(YESTERDAY), 3, 1)
    (row,) = report["rows"]
    assert (row["label"], row["channel"], row["status"], row["dead"]) == (
        *("amazing", "sms", "delivered"),
        3,
    )


def test_a_label_that_is_not_there_is_an_error():
    with pytest.raises(CommandError):
        call_command("reconcile", "--label=nobody")
