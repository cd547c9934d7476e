"""What the database is told: prepared statements too, which Django does not hear of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext

EXECUTE = psycopg.Cursor.execute


@contextmanager
def statements_told() -> Iterator[list[str]]:
    """The statements of this connection until it is left, in their order."""
    told: list[str] = []

    def execute(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        if cursor.connection is connection.connection:
            told.append(str(query))
        return EXECUTE(cursor, query, *arguments, **options)

    if connection.vendor == "postgresql":
        with mock.patch.object(psycopg.Cursor, "execute", execute):
            yield told
    else:
        with CaptureQueriesContext(connection) as captured:
            yield told
        told += [query["sql"] for query in captured]
