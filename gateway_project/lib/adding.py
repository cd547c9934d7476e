"""Adding to rows that hold a count, whoever else adds to the same ones."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import DateField, DateTimeField, Field, Model


def add(rows: Iterable[Model], key: Sequence[str]) -> None:
    """Raises what stands there by the rows' `count`, in one order, so that no two wait for each
    other. Rows of one model; `key` names the columns that tell two of them apart.

    Raw SQL, because no queryset inserts or else adds. Both databases understand it.
    """
    ordered = sorted(rows, key=attrgetter(*key))
    if not ordered:
        return
    meta = ordered[0]._meta
    fields = [field for name in (*key, "count") for field in meta.fields if field.name == name]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {meta.db_table} ({', '.join((*key, 'count'))}) "  # noqa: S608  our names
            f"VALUES ({', '.join(['%s'] * len(fields))}) "
            f"ON CONFLICT ({', '.join(key)}) "
            f"DO UPDATE SET count = {meta.db_table}.count + excluded.count",
            [[_value(field, row) for field in fields] for row in ordered],
        )


def _value(field: "Field[Any, Any]", row: Model) -> Any:
    value = getattr(row, field.name)
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(field, DateField):
        return connection.ops.adapt_datefield_value(value)
    return value
