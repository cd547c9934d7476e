"""Migrations run while the version before still does."""

import sys

import pytest
from django.db import connection, migrations, models

from tests.migrations import OURS, are_safe

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

GUEST = "unsafe_guest"
BIGGER = {
    "a column that is renamed": migrations.RenameField("Guest", "seat", "room"),
    "a column that is dropped": migrations.RemoveField("Guest", "seat"),
    "a table that is dropped": migrations.DeleteModel("Guest"),
    "a table that is renamed": migrations.RenameModel("Guest", "Visitor"),
    "a column that must be given": migrations.AddField(
        "Guest", "age", models.IntegerField(default=0)
    ),
    "a column of another type": migrations.AlterField("Guest", "name", models.TextField()),
    "an index that locks": migrations.AddIndex(
        "Guest", models.Index(fields=["name"], name="guest_by_name")
    ),
    "an index by the way": migrations.AlterField(
        "Guest", "name", models.CharField(max_length=20, db_index=True)
    ),
    "a unique constraint": migrations.AddConstraint(
        "Guest", models.UniqueConstraint(fields=["name"], name="guest_once")
    ),
    "a check of all rows": migrations.AddConstraint(
        "Guest", models.CheckConstraint(condition=~models.Q(name=""), name="guest_named")
    ),
    "a foreign key": migrations.AddField(
        "Guest", "host", models.ForeignKey("unsafe.Guest", models.CASCADE, null=True)
    ),
    "SQL that renames": migrations.RunSQL(
        f"ALTER TABLE {GUEST} RENAME seat TO room", migrations.RunSQL.noop
    ),
    "SQL in small letters": migrations.RunSQL(f"drop table {GUEST}", migrations.RunSQL.noop),
    "SQL that locks": migrations.RunSQL(f"LOCK TABLE {GUEST}", migrations.RunSQL.noop),
    "Python of its own": migrations.RunPython(lambda apps, editor: None, lambda apps, editor: None),
    "SQL under another name": migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(f"UPDATE {GUEST} SET seat = ''", migrations.RunSQL.noop)]
    ),
}
SMALLER = {
    "a table": migrations.CreateModel("Seat", [("id", models.BigAutoField(primary_key=True))]),
    "a column that may be left out": migrations.AddField(
        "Guest", "age", models.IntegerField(null=True)
    ),
    "a column that the database fills": migrations.AddField(
        "Guest", "age", models.IntegerField(default=0, db_default=0)
    ),
}


@pytest.fixture(autouse=True)
def server():
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL as DATABASE_URL")


@pytest.fixture
def is_safe(settings, monkeypatch):
    """Whether an operation is, as the second migration of an app that is there."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.unsafe"]

    def judged(operation) -> bool:
        monkeypatch.setattr("tests.unsafe.PLANNED", [operation])
        monkeypatch.delitem(sys.modules, "tests.unsafe.migrations.0002_planned", raising=False)
        return are_safe(["unsafe"])

    return judged


def test_the_version_before_lives_through_our_migrations():
    assert are_safe(OURS)


@pytest.mark.parametrize("operation", BIGGER.values(), ids=list(BIGGER))
def test_what_it_would_not_live_through_is_found(is_safe, operation):
    assert not is_safe(operation)


@pytest.mark.parametrize("operation", SMALLER.values(), ids=list(SMALLER))
def test_what_it_would_not_notice_passes(is_safe, operation):
    assert is_safe(operation)
