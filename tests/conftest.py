"""Fixtures that every part of the suite shares."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from gateway_project.lib.collecting import COLLECTIONS
from gateways import breakers, callers, configuration, contacts
from messages_app import holding, polling
from messages_app.relaying import draining as relays
from tests import services

# A busy machine is no failure.
settings.register_profile("gatehouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatehouse")


def pytest_collection_modifyitems(items):
    """Skips what needs a service that is not there; the whole run (tests/run.py) says so too."""
    missing = services.missing()
    if connection.vendor != "postgresql":
        missing["postgresql"] = "PostgreSQL as DATABASE_URL"
    for item in items:
        for marker in missing.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing[marker]}"))


@pytest.fixture(autouse=True)
def _nothing_kept_from_another_test():
    configuration.forget_now()
    breakers.forget()
    callers.forget_uses()
    contacts.forget()
    holding.forget()
    polling.forget()
    relays.forget()
    for collection in COLLECTIONS:
        collection.forget()
    yield
    configuration.forget_now()
