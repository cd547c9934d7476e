"""Whether the version before lives through the migrations of this one, by django-migration-linter.

`python -m tests.migrations` reads what PostgreSQL would be told, so one must be there. Beside an
embedded database no other version runs.
"""

import os
import sys
from collections.abc import Collection
from urllib.parse import urlsplit

from tests import services

OURS = ("gateways", "users", "messages_app", "callbacks")


def are_safe(apps: Collection[str]) -> bool:
    """Prints what is wrong with the migrations of these apps as the database in use runs them."""
    from django.conf import settings
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(
        str(settings.BASE_DIR), include_apps=apps, no_cache=True, quiet=["ok", "ignore"]
    )
    linter.lint_all_migrations()
    return not linter.has_errors


def main() -> int:
    import django

    if "postgresql" in services.missing():
        print("Migrations were not linted: PostgreSQL is not reachable.")  # noqa: T201
        return 0
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    # Nothing is read of it but what was applied: any database will do.
    os.environ["DATABASE_URL"] = (
        urlsplit(services.POSTGRESQL_URL)._replace(path="/postgres").geturl()
    )
    django.setup()
    return 0 if are_safe(OURS) else 1


if __name__ == "__main__":
    sys.exit(main())
