"""Fixtures that every part of the suite shares."""

import os

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from gateway_project.lib import append_only, key_use
from gateway_project.lib.collecting import COLLECTIONS
from gateway_project.operations import health
from gateways import allowances, breakers, callers, configuration, contacts
from gateways.models import AuditEntry, AuditSeal
from messages_app import polling
from messages_app.relaying import draining as relays
from tests import services
from users.directories import door, kept

# A busy machine is no failure, and what is red is red everywhere: the examples are the same on
# every machine. HYPOTHESIS_EXPLORE=1 looks for others.
settings.register_profile(
    "gatehouse",
    deadline=None,
    derandomize=os.environ.get("HYPOTHESIS_EXPLORE") != "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gatehouse")


def pytest_collection_modifyitems(items):
    """Skips what needs a service that is not there; the whole run (tests/run.py) says so too."""
    missing = services.missing()
    if connection.vendor != "postgresql":
        missing["postgresql"] = "PostgreSQL as DATABASE_URL"
    for item in items:
        for marker in missing.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing[marker]}"))


@pytest.fixture(autouse=True, scope="session")
def _tables_that_only_grow_may_be_flushed():
    """After a test with transactions of its own; `migrate`'s signal puts the triggers up again."""
    empty = TransactionTestCase._fixture_teardown

    def lift_and_empty(test):
        for model in (AuditEntry, AuditSeal):
            append_only.lift(model)
        empty(test)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lift_and_empty)
        yield


@pytest.fixture(autouse=True)
def _nothing_kept_from_another_test():
    configuration.forget_now()
    key_use.forget()
    allowances.forget()
    breakers.forget()
    callers.forget_uses()
    contacts.forget()
    door.forget()
    health.forget()
    kept.forget()
    polling.forget()
    relays.forget()
    for collection in COLLECTIONS:
        collection.forget()
    yield
    configuration.forget_now()
