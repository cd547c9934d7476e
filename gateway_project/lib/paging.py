"""Long lists: counting stops where nobody reads on."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST_COUNTED = 10_000


def capped(rows: Any) -> int:
    """How many rows there are; no more than one above the most that are counted."""
    counted: int = rows.order_by()[: MOST_COUNTED + 1].count()
    return counted


def in_figures(count: int) -> str:
    """`1,234`, or `10,000+`."""
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to `MOST_COUNTED` rows. A full count of a million is slower than the page."""

    template_name = "admin/capped_pagination.html"

    @property
    def told(self) -> str:
        """The count in words: "10,000+" where counting stopped."""
        return f"{self.count:,}{'+' if self.count >= MOST_COUNTED else ''}"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[:MOST_COUNTED].count()
        return counted
