"""Rows of a time, found without an index on it: they are written in the order of their keys."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Model, QuerySet

from messages_app.counting.window import Window

DISORDER = timedelta(minutes=1)
"""Transactions take their keys and their moments in slightly different orders."""

Row = TypeVar("Row", bound=Model)


def within(model: type[Row], column: str, window: Window) -> "QuerySet[Row]":
    """The rows whose moment lies in the window. They are never changed, and have counted keys."""
    first = first_key(model, column, window.since - DISORDER)
    last = first_key(model, column, window.until + DISORDER, known=first)
    rows: QuerySet[Row] = model._default_manager.all()
    return rows.filter(pk__gte=first, pk__lt=last, **window.contains(column))


def first_key(model: type[Model], column: str, moment: datetime, known: int = 0) -> int:
    """The key from which on rows are not older than that moment: by halves, on the primary key.

    It is not below `known`.
    """
    pairs = model._default_manager.order_by("pk").values_list("pk", column)
    youngest = pairs.last()
    if youngest is None:
        return 0
    low, high = known, int(youngest[0]) + 1
    if youngest[1] < moment:
        return high
    while low < high:
        middle = (low + high) // 2
        key, at = pairs.filter(pk__gte=middle)[0]
        low, high = (low, middle) if at >= moment else (int(key) + 1, high)
    return low
