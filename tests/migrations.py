"""Whether the version before lives through the migrations of this one, by django-migration-linter.

`python -m tests.migrations` reads what PostgreSQL would be told, so one must be there. Beside an
embedded database no other version runs.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType, Issue
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from tests import services

OURS = ("gateways", "users", "messages_app", "callbacks")

READ: frozenset[tuple[str, str]] = frozenset()
"""Migrations, by app and name, whose SQL or Python of their own a person has read with the old
version in mind: a linter cannot."""

HARMLESS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"BEGIN|COMMIT|SET CONSTRAINTS \S+ IMMEDIATE|COMMENT ON .*",
        r"CREATE TABLE .*",
        r"CREATE (UNIQUE )?INDEX CONCURRENTLY .*",
        r"DROP INDEX CONCURRENTLY .*",
        r"ALTER TABLE \S+ ADD COLUMN \S+ [^()]*(\(\d+(, ?\d+)?\))?[^()]*",
        r"ALTER TABLE \S+ ADD CONSTRAINT .* NOT VALID",
        r"ALTER TABLE \S+ VALIDATE CONSTRAINT \S+",
        r"ALTER TABLE \S+ DROP CONSTRAINT .*",
        r"ALTER TABLE \S+ ALTER COLUMN \S+ (DROP NOT NULL|SET DEFAULT [^()]*)",
    )
)
"""What neither the version before nor a large table minds. All else has to be read by a person."""

COLUMN_WITH_MORE = re.compile(r"\b(REFERENCES|CHECK|UNIQUE|GENERATED|PRIMARY KEY)\b", re.IGNORECASE)
MUST_BE_GIVEN = re.compile(r"\bNOT NULL\b", re.IGNORECASE)
HAS_A_DEFAULT = re.compile(r"\bDEFAULT\b(?! NULL)", re.IGNORECASE)
TABLE = re.compile(r'\b(?:TABLE|ON) ("\w+")', re.IGNORECASE)


def unread(statements: Iterable[str]) -> list[str]:
    """The statements, one after the other, that are not harmless to the tables that were there
    before."""
    new: set[str] = set()
    found = []
    for statement in _single(statements):
        table = TABLE.search(statement)
        if statement.upper().startswith("CREATE TABLE") and table:
            new.add(table[1])
        elif not (table and table[1] in new) and not _is_harmless(statement):
            found.append(statement)
    return found


def _single(statements: Iterable[str]) -> list[str]:
    parts = (part.strip() for text in statements for part in text.split(";"))
    return [part for part in parts if part and not part.startswith("--")]


def _is_harmless(statement: str) -> bool:
    if " ADD COLUMN " in statement.upper():
        is_left_out = not MUST_BE_GIVEN.search(statement) or HAS_A_DEFAULT.search(statement)
        if COLUMN_WITH_MORE.search(statement) or not is_left_out:
            return False
    return any(pattern.fullmatch(statement) for pattern in HARMLESS)


class Analyser(PostgresqlAnalyser):
    migration_checks = [  # noqa: RUF012  as the class above has it
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="UNREAD",
            fn=lambda statements, **_: unread(statements),
            message="A statement that is not known to be harmless",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
    ]


class Linter(MigrationLinter):  # type: ignore[misc]  the package has no types
    """Stricter: a warning is an error, and so is what it cannot read."""

    def __init__(self, apps: Collection[str]) -> None:
        from django.conf import settings

        super().__init__(
            str(settings.BASE_DIR),
            include_apps=apps,
            no_cache=True,
            quiet=["ok", "ignore"],
            all_warnings_as_errors=True,
        )
        self.sql_analyser_class = Analyser

    def analyse_data_migration(
        self, migration: Any
    ) -> tuple[list[Issue], list[Issue], list[Issue]]:
        errors, ignored, warnings = super().analyse_data_migration(migration)
        if (migration.app_label, migration.name) not in READ:
            errors += [
                Issue(code="OF_ITS_OWN", message=f"{name}: have it read, and list it in READ")
                for name in of_its_own(migration.operations)
            ]
        return errors, ignored, warnings


def of_its_own(operations: Iterable[Any]) -> list[str]:
    """The names of operations that say nothing of what they do."""
    from django.db.migrations import RunPython, RunSQL, SeparateDatabaseAndState

    found = []
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            found += of_its_own(operation.database_operations)
        elif isinstance(operation, RunPython | RunSQL):
            found.append(type(operation).__name__)
    return found


def are_safe(apps: Collection[str]) -> bool:
    """Prints what is wrong with the migrations of these apps as the database in use runs them."""
    linter = Linter(apps)
    linter.lint_all_migrations()
    return not linter.has_errors


def main() -> int:
    import django

    if "postgresql" in services.missing():
        print("Migrations were not linted: PostgreSQL is not reachable.")  # noqa: T201
        return 1 if os.environ.get("REQUIRE_SERVICES") else 0
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    # Nothing is read of it but what was applied: any database will do.
    os.environ["DATABASE_URL"] = (
        urlsplit(services.POSTGRESQL_URL)._replace(path="/postgres").geturl()
    )
    django.setup()
    return 0 if are_safe(OURS) else 1


if __name__ == "__main__":
    sys.exit(main())
