from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from callbacks import replaying
from callbacks.models import CallbackDelivery, Settlement
from callbacks.replaying import Choice, replay
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
    meant = settled(smartico, status="opened", created_at=datetime(2026, 1, 2, tzinfo=UTC))
    settled(smartico, created_at=datetime(2026, 1, 1, tzinfo=UTC), label=LabelFactory())
    assert list(choice(meant).deliveries()) == [meant]


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
