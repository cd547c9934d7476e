"""Counting rows for a person, who wants to know whether there are none, some or very many."""

from typing import Any

from gateway_project.lib.paging import MOST_COUNTED


def capped(rows: Any) -> int:
    """How many rows there are; no more than one above the most that are counted."""
    counted: int = rows.order_by()[: MOST_COUNTED + 1].count()
    return counted


def in_figures(count: int) -> str:
    """`1,234`, or `10,000+`."""
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}"
