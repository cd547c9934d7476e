"""What is claimed of a lane: by one statement, and by its slow reading."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.claiming import claim_due, lease
from callbacks.lanes import Lane
from callbacks.models import CallbackDelivery, Settlement
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.leases import LEASE
from messages_app.models import Message
from tests.callbacks.statements import statements
from tests.callbacks.test_lanes import owe
from tests.factories import LabelFactory

MINUTE = timedelta(minutes=1)


@pytest.fixture
def lane(smartico):
    return Lane.of_key(smartico.key)


def all_that_may_be_owed(smartico):
    """A delivery, or some of a message, in every standing that decides whether it is told."""
    now = timezone.now()
    later, lately = now + MINUTE, now - MINUTE
    smartico.owe("accepted", "delivered", "opened")
    smartico.owe("delivered", due_at=later)
    smartico.owe("delivered", lease=uuid4(), lease_until=later)
    smartico.owe("delivered", lease=uuid4(), lease_until=lately)
    for settlement in Settlement:
        smartico.owe("delivered", settlement=settlement)
    for failed_at in (now - 11 * MINUTE, now - 9 * MINUTE):
        failing, _ = smartico.owe("accepted", "delivered")
        CallbackDelivery.objects.filter(pk=failing.pk).update(
            first_failed_at=failed_at, due_at=later
        )
    smartico.owe("opened", due_at=lately)
    smartico.owe("accepted", message=smartico.message(callback_url=None))
    owe(smartico.label, "https://elsewhere")
    owe(LabelFactory(), smartico.peer.url)


def told_of(tries):
    return [
        (
            *(item.delivery_id, item.message_id, item.label_id, item.status, item.channel),
            *(item.callback_url and item.callback_url.reveal(), item.created_at),
        )
        for item in tries
    ]


def slowly(lane, count):
    now = timezone.now()
    due = lane.deliveries().due(now).first_in_line(now).order_by("due_at", "pk")
    return lease(due, count, now)


@pytest.mark.postgresql
@pytest.mark.parametrize("count", [3, 100])
def test_the_statement_claims_what_the_slow_reading_claims(smartico, lane, count):
    all_that_may_be_owed(smartico)
    claimed = []
    for claim in (claim_due, slowly):
        with transaction.atomic():
            claimed.append(told_of(claim(lane, count)))
            transaction.set_rollback(True)
    assert len(claimed[0]) == min(count, 6)
    assert claimed[0] == claimed[1]


def test_what_is_claimed_is_leased_by_one_lease_and_nothing_else_is(smartico, lane):
    all_that_may_be_owed(smartico)
    held = set(CallbackDelivery.objects.exclude(lease=None).values_list("pk", "lease"))
    before = timezone.now()
    tries = claim_due(lane, 100)
    after = timezone.now()
    (ours,) = {item.lease for item in tries}
    rows = CallbackDelivery.objects.filter(lease=ours)
    assert {row.pk for row in rows} == {item.delivery_id for item in tries}
    second = timedelta(seconds=1)  # between two clocks
    for row in rows:
        assert before + LEASE - second <= row.lease_until <= after + LEASE + second
    rest = CallbackDelivery.objects.exclude(lease=None).exclude(lease=ours)
    assert set(rest.values_list("pk", "lease")) < held
    assert claim_due(lane, 100) == []


def test_no_more_is_claimed_than_there_is_room_for(smartico, lane):
    for _ in range(5):
        smartico.owe("delivered")
    assert [len(claim_due(lane, 3)) for _ in range(3)] == [3, 2, 0]


def test_a_hundred_are_claimed_in_as_many_statements_as_ten(smartico, lane, monkeypatch):
    for _ in range(110):
        smartico.owe("delivered")
    with statements(monkeypatch) as of_few:
        assert len(claim_due(lane, 10)) == 10
    with statements(monkeypatch) as of_many:
        assert len(claim_due(lane, 100)) == 100
    assert len(of_many) == len(of_few)
    # One; and as this transaction goes on, settings are switched off before it and back after.
    assert len(of_few) == 3 or connection.vendor == "sqlite"


def test_a_url_that_does_not_open_is_claimed_as_any_other(smartico, lane):
    delivery = smartico.owe("delivered")
    pk = Message._meta.pk.get_db_prep_value(delivery.message_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_app_message SET callback_url = 't1$AAAA' WHERE id = %s", [pk]
        )
    (item,) = claim_due(lane, 1)
    with pytest.raises(Undecryptable):
        item.callback_url.reveal()
    assert "AAAA" not in repr(item)
