"""However much waits: what is looked for at every tick is read out of an index of its own."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messages_app import sending
from messages_app.housekeeping import close_expired, take_back_lost_leases
from messages_app.models import Message, State
from messages_app.receipts import VISIT
from messages_app.sending import SendWork, due_gateways
from messages_app.walking import walks
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.counting.conftest import id_made_at
from tests.plans import plans_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

DAY = timedelta(days=1)
MANY = 3_000
OF_WHAT_WAITS = {"message_due", "message_test", "message_expiring"}
"""Indexes that hold nothing but what is queued, or a test."""
OF_A_LABEL = {"message_of_channel", "message_by_uid"}
"""Indexes that begin with the label: of a few rows either is as good."""
LARGE = "messages_app_message"
LOOKS = re.compile(rf'SELECT .* FROM "{LARGE}"')


@pytest.fixture
def gateway():
    return GatewayFactory()


def many(gateway, count=MANY, **values):
    now, user = timezone.now(), EndUserFactory(label=gateway.label)
    known = {"label": gateway.label, "gateway": gateway, "end_user": user, "due_at": now - DAY}
    Message.objects.bulk_create(
        MessageFactory.build(**(known | values), id=id_made_at(now - 5 * DAY)) for _ in range(count)
    )


def among_others(gateway, **values):
    """Half of all messages stand so, half were sent elsewhere: whoever walked over all of them
    would come by a batch soon, the planner thinks."""
    many(GatewayFactory(), state=State.SENT, due_at=None)
    many(gateway, **values)


def found_by(work) -> set[str]:
    """What the server reads to find what `work` looks for: the names of indexes, and of tables
    that it reads from one end to the other. What is known by its id is left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {LARGE}")
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert work()
        transaction.set_rollback(True)
    plans = plans_of(each["sql"] for each in captured)
    looks = [plan for asked, plan in plans if LOOKS.match(asked) and '"id" IN (' not in asked]
    assert looks
    return set().union(*map(_read_by, looks))


def _read_by(plan) -> set[str]:
    is_large = plan.get("Relation Name") in (None, LARGE)
    name = plan.get("Index Name", plan.get("Relation Name"))
    here = {name} if name and is_large else set()
    return here.union(*map(_read_by, plan.get("Plans", ())))


def test_expired_messages_are_found_among_those_that_expire(gateway):
    among_others(gateway, expires_at=timezone.now() - DAY)
    assert found_by(close_expired) == {"message_expiring"}


def test_lost_leases_are_found_among_the_leased(gateway):
    leased = {"state": State.SENDING, "lease": uuid4(), "lease_until": timezone.now() - DAY}
    among_others(gateway, **leased, attempts=1, due_at=None)
    assert found_by(take_back_lost_leases) == {"message_leased"}


def test_a_claim_reads_nothing_but_what_waits(gateway, monkeypatch):
    monkeypatch.setattr(sending, "may_lease_at_once", lambda gateway: False)
    among_others(gateway)
    work = SendWork(str(gateway.pk))
    assert found_by(lambda: work.claim(20)) <= OF_WHAT_WAITS
    work.close()


def test_who_has_something_due_is_seen_by_what_waits(gateway):
    among_others(gateway)
    assert found_by(due_gateways) <= OF_WHAT_WAITS


def test_the_walk_of_the_receipts_reads_nothing_of_other_labels(gateway):
    many(GatewayFactory())
    many(gateway, 50)
    walk = next(each for each in walks([VISIT]) if each.label.id == gateway.label_id)
    assert found_by(lambda: list(walk.ahead()[:500])) <= OF_A_LABEL
