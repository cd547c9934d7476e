from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks import replaying
from callbacks.models import CallbackDelivery, Settlement
from callbacks.replaying import Choice, replay
from gateways.models import AuditEntry
from tests.factories import LabelFactory

MINUTE = timedelta(minutes=1)


def settled(smartico, settlement=Settlement.ACKNOWLEDGED, status="delivered", **values):
    return smartico.owe(
        status,
        settlement=settlement,
        settled_at=timezone.now(),
        attempts=3,
        first_failed_at=timezone.now() - 20 * MINUTE,
        **values,
    )


def run_command(*args):
    out = StringIO()
    call_command("replay_callbacks", *args, stdout=out)
    return out.getvalue().splitlines()


def owed_again():
    return set(CallbackDelivery.objects.owed().values_list("pk", flat=True))


def test_a_replayed_status_is_told_again(smartico):
    delivery = settled(smartico)
    assert replay(CallbackDelivery.objects.all()) == 1
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.first_failed_at, delivery.settled_at) == (0, None, None)
    assert smartico.report() == 1
    assert smartico.told == ["delivered"]
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.ACKNOWLEDGED


def test_what_is_owed_already_is_left_as_it_is(smartico):
    lease = uuid4()
    delivery = smartico.owe("delivered", attempts=2, lease=lease)
    assert replay(CallbackDelivery.objects.all()) == 0
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.lease) == (2, lease)


def test_a_large_replay_goes_in_batches(smartico, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    rows = [settled(smartico) for _ in range(5)]
    assert replay(CallbackDelivery.objects.all()) == 5
    assert owed_again() == {row.pk for row in rows}


def test_the_command_says_how_many_first_and_a_dry_run_stops_there(smartico):
    settled(smartico)
    settled(smartico, Settlement.DEAD)
    assert run_command("--dry-run") == ["2 statuses to tell again"]
    assert owed_again() == set()
    assert run_command() == ["2 statuses to tell again", "2 statuses are owed again"]
    assert len(owed_again()) == 2


def test_failed_means_what_was_never_acknowledged(smartico):
    settled(smartico)
    dead = settled(smartico, Settlement.DEAD)
    mismatch = settled(smartico, Settlement.MISMATCH)
    run_command("--failed")
    assert owed_again() == {dead.pk, mismatch.pk}


@pytest.mark.parametrize(
    "choice",
    [
        lambda row: Choice(label=row.label.slug),
        lambda row: Choice(message=row.message_id),
        lambda row: Choice(statuses=["opened"]),
        lambda row: Choice(since=datetime(2026, 1, 2, tzinfo=UTC)),
        lambda row: Choice(label=row.label.slug, statuses=["opened", "clicked"]),
    ],
)
def test_each_condition_narrows_the_choice(smartico, choice):
    settled(smartico, created_at=datetime(2026, 1, 1, tzinfo=UTC), label=LabelFactory())
    meant = settled(smartico, status="opened", created_at=datetime(2026, 1, 2, tzinfo=UTC))
    assert list(choice(meant).deliveries()) == [meant]


def test_a_time_is_a_range_of_ids_and_nothing_outside_of_it_is_looked_at(smartico):
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 10)]
    rows = [settled(smartico, created_at=day) for day in days]
    choice = Choice(since=days[4], until=days[6])
    assert list(choice.deliveries().order_by("pk")) == rows[4:6]
    bounds = {
        child.lookup_name: child.rhs
        for child in choice.deliveries().query.where.children
        if getattr(child, "lhs", None) and child.lhs.target.name == "id"
    }
    assert bounds == {"gte": rows[4].pk, "lt": rows[6].pk + 1}


def test_it_is_counted_once_and_the_audit_tells_what_was_done(smartico, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    for _ in range(5):
        settled(smartico)
    with CaptureQueriesContext(connection) as asked:
        run_command("--label", smartico.label.slug)
    counts = [each["sql"] for each in asked if each["sql"].startswith("SELECT COUNT(")]
    assert len(counts) == 1
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.changes["callback deliveries"] for entry in entries] == ["begun", "5"]
    assert entries[1].label == smartico.label


def test_what_was_done_before_it_broke_off_stands_in_the_audit(smartico, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    owe_again, failures = replaying._owe_again, [None, OperationalError("away")]

    def fails(ids, now):
        if failure := failures.pop(0):
            raise failure
        owe_again(ids, now)

    monkeypatch.setattr(replaying, "_owe_again", fails)
    for _ in range(5):
        settled(smartico)
    with pytest.raises(OperationalError):
        run_command()
    assert AuditEntry.objects.order_by("pk").last().changes == {"callback deliveries": "2"}


def test_what_is_settled_after_a_replay_has_begun_is_not_told_again(smartico, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    rows = [settled(smartico) for _ in range(4)]
    batches = replaying.replaying(CallbackDelivery.objects.all())
    assert next(batches).last == rows[1].pk
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    settled(smartico)
    assert [batch.last for batch in batches] == [rows[3].pk]
    assert owed_again() == {row.pk for row in rows[2:]}


def test_until_is_not_included(smartico):
    earlier = settled(smartico, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    settled(smartico, created_at=datetime(2026, 1, 2, tzinfo=UTC))
    run_command("--until", "2026-01-02", "--since", "2026-01-01T00:00:00+00:00")
    assert owed_again() == {earlier.pk}


@pytest.mark.parametrize(
    "args",
    [
        ("--label", "nobody"),
        ("--status", "bounced"),
        ("--since", "yesterday"),
        ("--message", "17"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_option_is_an_error(args):
    with pytest.raises(CommandError):
        run_command(*args)
