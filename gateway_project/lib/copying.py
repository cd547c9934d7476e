"""Many rows of a model written at once: by COPY where the database has it.

PostgreSQL reads a row so for a small part of what an INSERT costs, on both sides.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

FEWEST = 100
"""Below, the statements around it cost more than they save."""


def insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """As bulk_create does, of rows whose keys the client has made. Raises IntegrityError."""
    if _are_copied(rows):
        _copy(_quoted(model._meta.db_table), model._meta.concrete_fields, rows, add=True)
    else:
        model._default_manager.bulk_create(rows)


def update(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Writes these fields of rows that are there, as `save(update_fields=names)` does."""
    fields = [model._meta.get_field(name) for name in names]
    if _are_copied(rows):
        _update(model, rows, fields)
    else:
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=names
        )


def count_anew(model: type[models.Model]) -> None:
    """Has a database server look how full the table is by now: it plans statements by that, and
    looks by itself some minutes too late for who fills a table."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {_quoted(model._meta.db_table)}")


def _are_copied(rows: Sequence[models.Model]) -> bool:
    return connection.vendor == "postgresql" and len(rows) >= FEWEST


def _update(model: type[models.Model], rows: Sequence[models.Model], fields: list[Any]) -> None:
    """By way of a table that only this transaction has."""
    written = [model._meta.pk, *fields]
    table, between = _quoted(model._meta.db_table), _quoted(f"{model._meta.db_table}_told")
    key, *columns = (_quoted(field.column) for field in written)
    told = ", ".join(f"{column} = told.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {between} ON COMMIT DROP AS "  # noqa: S608  our own names
            f"SELECT {', '.join((key, *columns))} FROM {table} WITH NO DATA"
        )
        _copy(between, written, rows, add=False)
        cursor.execute(
            f"UPDATE {table} AS stored SET {told} "  # noqa: S608  likewise
            f"FROM {between} AS told WHERE stored.{key} = told.{key}"
        )
        cursor.execute(f"DROP TABLE {between}")


def _copy(table: str, fields: Sequence[Any], rows: Iterable[models.Model], *, add: bool) -> None:
    columns = ", ".join(_quoted(field.column) for field in fields)
    server = connections[DEFAULT_DB_ALIAS]  # itself: what stands for it costs a look-up each time
    with (
        server.wrap_database_errors,
        server.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = [field.pre_save(row, add) for field in fields]
            copy.write_row(
                [
                    None if value is None else field.get_db_prep_save(value, server)
                    for field, value in zip(fields, values, strict=True)
                ]
            )


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
