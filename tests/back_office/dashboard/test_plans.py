"""However many messages there are: every statement of the home page goes by an index."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gateways.models import Label

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

LARGE = {
    *("messages_app_message", "messages_app_statusevent", "messages_app_sendattempt"),
    *("messages_app_inboxentry", "messages_app_relay", "messages_app_tally"),
    *("callbacks_callbackdelivery", "callbacks_deliveryattempt"),
    *("users_enduser", "users_missinguser"),
}


def scanned(plan) -> set[str]:
    """The tables that a plan reads from one end to the other."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(scanned(part) for part in plan.get("Plans", ())))


@pytest.mark.parametrize("label", ["all", "one"])
def test_no_large_table_is_read_from_end_to_end(admin_client: Client, label):
    chosen = Label.objects.create(slug="a", name="A")
    query = {"range": "30d"} | ({"label": chosen.pk} if label == "one" else {})
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert admin_client.get("/admin/", query).status_code == 200
    statements = [each["sql"] for each in captured if re.match("SELECT", each["sql"])]
    assert len(statements) > 15
    with connection.cursor() as cursor:
        # Small tables are read whole whatever indexes there are: here it is asked which there are.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in statements:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
            (plan,) = cursor.fetchone()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            assert not scanned(plan[0]["Plan"]) & LARGE, statement
