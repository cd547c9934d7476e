"""Hand-written statements that a PostgreSQL server parses and plans once for each connection.

For the few that every message needs: of an ORM query of one row the making of its text takes
longer than all the rest, and so does its planning of what the server does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def rows(
    statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[tuple[Any, ...]]:
    """What the statement answers; nothing where it answers no rows. Its literals are part of it:
    a partial index is only seen through those. Raises Django's database errors.
    """
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []
