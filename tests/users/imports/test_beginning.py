"""What is known of a file: its name as it may be shown, and by what it is known again."""

import json

import pytest

from gateways.models import AuditEntry
from tests.factories import LabelFactory
from users.imports.beginning import Order, begin, resume
from users.imports.models import FILE_NAME_LENGTH, ImportRun, ImportState
from users.imports.uploads import expect

pytestmark = pytest.mark.django_db

NAMED_AFTER = "canary.jane@mailbox.example"


def order(name, **what) -> Order:
    label = what.pop("label", None) or LabelFactory()
    return Order(label_id=label.pk, file_name=name, format="csv", **what)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("users.csv", "users.csv"),
        ("users of 2026-11-21.ndjson", "users of 2026-11-21.ndjson"),
        (f"{NAMED_AFTER}.csv", "[redacted].csv"),
        (f"list for {NAMED_AFTER}", "list for [redacted]"),
        ("caller +49 151 12345678.TSV", "caller [redacted].TSV"),
        ("canary.jane%40mailbox.example.jsonl", "[redacted].jsonl"),
    ],
)
def test_a_file_is_shown_without_addresses_in_its_name_and_with_its_suffix(name, shown):
    assert order(name).shown_name == shown


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "x" * 300, f"{NAMED_AFTER} " * 20 + ".csv"])
def test_a_long_name_fits_and_keeps_its_suffix(name):
    shown = order(name).shown_name
    assert len(shown) <= FILE_NAME_LENGTH
    assert shown.endswith(".csv") == name.endswith(".csv")


def test_neither_the_run_nor_the_audit_holds_an_address_from_the_name():
    begin(order(f"{NAMED_AFTER}.csv"))
    expect(order(f"{NAMED_AFTER}.csv"), 1, None)
    kept = [row for model in (ImportRun, AuditEntry) for row in model.objects.values()]
    assert "canary" not in json.dumps(kept, default=str)
    assert "[redacted].csv" in json.dumps(kept, default=str)


def test_a_file_of_another_name_that_is_shown_alike_goes_on():
    label = LabelFactory()
    first = begin(order("20261121.csv", label=label, digest="1"))
    other = order("20261122.csv", label=label, digest="2")
    assert begin(other).file_name == first.file_name
    first.refresh_from_db()
    assert first.state == ImportState.RUNNING
    begin(order("20261121.csv", label=label, digest="3"))
    first.refresh_from_db()
    assert first.state == ImportState.GIVEN_UP
    assert resume(other).digest == "2"
