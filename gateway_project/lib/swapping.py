"""Ciphertexts are swapped for others, in many rows at once, and only where a row is as it was read.

A row that somebody holds is not waited for: it is passed over, so that whoever works with the rows
neither waits long nor stands in a circle of waiting.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from gateway_project.lib.sealed_tables import SealedTable
from gateway_project.lib.transactions import writing

Change = tuple[Any, list[str | None], list[str | None]]
"""A row's primary key, and its sealed columns before and after."""


def swap(table: SealedTable, changes: Sequence[Change]) -> int:
    """Writes all columns of each row; answers in how many rows."""
    write = _on_a_server if connection.vendor == "postgresql" else _one_by_one
    return write(table, changes)


def _on_a_server(table: SealedTable, changes: Sequence[Change]) -> int:
    """One statement. It locks in the order of the ids, and what is locked is left alone."""
    quote, kind = connection.ops.quote_name, table.key.db_type(connection)
    name, key = quote(table.name), quote(str(table.key.column))
    columns = [quote(str(column.column)) for column in table.columns]
    sides = [f"{side}{n}" for n in range(len(columns)) for side in ("old", "new")]
    as_it_was = (f"stored.{column} IS NOT DISTINCT FROM old{n}" for n, column in enumerate(columns))
    sql = f"""
        WITH free AS MATERIALIZED (
            SELECT {key} AS key FROM {name} WHERE {key} = ANY(%s::{kind}[])
            ORDER BY {key} FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE {name} AS stored
        SET {", ".join(f"{column} = new{n}" for n, column in enumerate(columns))}
        FROM unnest(%s::{kind}[]{", %s::text[]" * len(sides)}) AS given (key, {", ".join(sides)})
        JOIN free ON free.key = given.key
        WHERE stored.{key} = given.key AND {" AND ".join(as_it_was)}
    """  # noqa: S608  names of our own tables and columns
    keys = [key for key, _, _ in changes]
    values = [
        [_text(change[side][n]) for change in changes]
        for n in range(len(columns))
        for side in (1, 2)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, [keys, keys, *values])
        return int(cursor.rowcount)


def _one_by_one(table: SealedTable, changes: Sequence[Change]) -> int:
    """One transaction of an embedded database, where a statement for each row costs next to
    nothing."""
    quote = connection.ops.quote_name
    columns = [quote(str(column.column)) for column in table.columns]
    sql = f"""
        UPDATE {quote(table.name)} SET {", ".join(f"{column} = %s" for column in columns)}
        WHERE {quote(str(table.key.column))} = %s
        AND {" AND ".join(f"{column} IS %s" for column in columns)}
    """  # noqa: S608  names of our own tables and columns
    rows = [
        (
            *map(_text, after),
            table.key.get_db_prep_value(key, connection, prepared=False),
            *map(_text, before),
        )
        for key, before, after in changes
    ]
    with writing(), connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _text(value: str | None) -> str | None:
    return None if value is None else str(value)
