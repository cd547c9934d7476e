"""Migrations run while the version before still does."""

import sys

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.db import connection, migrations, models
from django.db.models.functions import Upper

from tests.migrations import OURS, are_safe, unread

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
    "a value for all rows": migrations.AddField(
        "Guest", "code", models.UUIDField(db_default=RandomUUID())
    ),
    "a column that is computed": migrations.AddField(
        "Guest",
        "shout",
        models.GeneratedField(
            expression=Upper("name"), output_field=models.TextField(), db_persist=True
        ),
    ),
    "an index behind a table's own": [
        migrations.CreateModel(
            "Seat",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20, db_index=True, unique=True)),
            ],
        ),
        migrations.AddIndex("Guest", models.Index(fields=["name"], name="guest_by_name")),
    ],
    "a unique constraint behind another": [
        migrations.CreateModel(
            "Seat",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("no", models.IntegerField(unique=True)),
            ],
        ),
        migrations.AddConstraint(
            "Guest", models.UniqueConstraint(fields=["name"], name="guest_once")
        ),
    ],
    "a column that must be given before one that need not": [
        migrations.AddField("Guest", "age", models.IntegerField(default=0)),
        migrations.AddField("Guest", "height", models.IntegerField(default=0, db_default=0)),
    ],
    "SQL under another name": migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(f"UPDATE {GUEST} SET seat = ''", migrations.RunSQL.noop)]
    ),
}
SMALLER = {
    "a table": migrations.CreateModel("Seat", [("id", models.BigAutoField(primary_key=True))]),
    "a column that may be left out": migrations.AddField(
        "Guest", "age", models.IntegerField(null=True)
    ),
    "a table with an index and a foreign key": migrations.CreateModel(
        "Seat",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=20, db_index=True)),
            ("guest", models.ForeignKey("unsafe.Guest", models.CASCADE)),
        ],
    ),
    "a decimal that may be left out": migrations.AddField(
        "Guest", "tip", models.DecimalField(max_digits=5, decimal_places=2, null=True)
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
        planned = operation if isinstance(operation, list) else [operation]
        monkeypatch.setattr("tests.unsafe.PLANNED", planned)
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


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX CONCURRENTLY "guest_by_name" ON "unsafe_guest" ("name")',
        'ALTER TABLE "unsafe_guest" ADD CONSTRAINT "named" CHECK ("name" <> \'\') NOT VALID',
        'ALTER TABLE "unsafe_guest" VALIDATE CONSTRAINT "named"',
    ],
)
def test_neither_is_what_takes_no_long_lock(statement):
    assert unread([f"{statement};"]) == []
    assert unread([f'{statement}; ALTER TABLE "unsafe_guest" RENAME seat TO room;'])
