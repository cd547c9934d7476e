"""Hand-written statements that a PostgreSQL server parses and plans once for each connection.

For the few that every message needs: of an ORM query of one row the making of its text takes
longer than all the rest, and so does its planning of what the server does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DatabaseError, OperationalError, connection
from psycopg import errors

STALE = (
    errors.FeatureNotSupported,  # "cached plan must not change result type"
    errors.InvalidSqlStatementName,
    errors.DuplicatePreparedStatement,
)
"""What a statement is answered that was prepared for a table as it was before a migration, or on
another connection than the server's own: by a pooler, say."""


def rows(
    statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[tuple[Any, ...]]:
    """What the statement answers; nothing where it answers no rows. Its literals are part of it:
    a partial index is only seen through those. Raises Django's database errors; OperationalError
    where it has to be prepared anew, which it is on the next connection: this one is closed.
    """
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    try:
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(statement, parameters, prepare=True)
            return cursor.fetchall() if cursor.description else []
    except DatabaseError as error:
        if not isinstance(error.__cause__, STALE):
            raise
        connection.close()
        raise OperationalError("a prepared statement has gone stale") from None
