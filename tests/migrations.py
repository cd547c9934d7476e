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

HELD_TO_ALL_ROWS = re.compile(
    r'ALTER TABLE (?P<table>"\w+") (?:ADD CONSTRAINT|ADD COLUMN) .*\b(?:CHECK|REFERENCES)\b', re.S
)


def is_held_to_all_rows(statements: list[str], **_: Any) -> bool:
    """Whether a constraint is laid on a table that is there already, and all its rows are read
    for that under a lock that stops everybody."""
    new = {f'"{name}"' for name in re.findall(r'CREATE TABLE "(\w+)"', "\n".join(statements))}
    return any(
        found["table"] not in new and "NOT VALID" not in statement
        for statement in statements
        if (found := HELD_TO_ALL_ROWS.search(statement))
    )


class Analyser(PostgresqlAnalyser):
    migration_checks = [  # noqa: RUF012  as the class above has it
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="HELD_TO_ALL_ROWS",
            fn=is_held_to_all_rows,
            message="CHECK or FOREIGN KEY reads all rows: add it NOT VALID, validate it apart",
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
