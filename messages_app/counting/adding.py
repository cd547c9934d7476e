"""Adding to tallies, whoever else adds to the same ones."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from django.db import connection

from messages_app.models import Tally

KEY = ("start", "span", "measure", "label_id", "channel", "gateway_id", "part")
"""What tells two tallies apart."""

key_of = attrgetter(*KEY)


def add(tallies: Iterable[Tally]) -> None:
    """Raises what stands there by these counts, in one order, so that no two wait for each other.

    Raw SQL, because no queryset inserts or else adds. Both databases understand it.
    """
    table, columns = Tally._meta.db_table, ", ".join((*KEY, "count"))
    values = ", ".join(["%s"] * (len(KEY) + 1))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({values}) "  # noqa: S608  our own names
            f"ON CONFLICT ({', '.join(KEY)}) "
            f"DO UPDATE SET count = {table}.count + excluded.count",
            [_row(tally) for tally in sorted(tallies, key=key_of)],
        )


def _row(tally: Tally) -> list[Any]:
    start, *rest = key_of(tally)
    return [connection.ops.adapt_datetimefield_value(start), *rest, tally.count]
