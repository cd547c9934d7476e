"""Migrations run while the version before still does."""

import pytest
from django.db import connection

from tests.migrations import OURS, are_safe

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def server():
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL as DATABASE_URL")


def test_the_version_before_lives_through_our_migrations():
    assert are_safe(OURS)


def test_one_that_it_would_not_live_through_is_found(settings, capsys):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.unsafe"]
    assert not are_safe(["unsafe"])
    assert "RENAMING columns" in capsys.readouterr().out
