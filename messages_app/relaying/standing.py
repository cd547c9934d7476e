"""The relays that a person has to look at: what the list, the home page and the doctor mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from messages_app.models import NOT_TAKEN

LATE = timedelta(hours=1)
"""A relay that is not settled by then has been refused again and again, or nobody tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which relays stand so, at a moment."""

    title: str
    condition: Callable[[datetime], dict[str, Any]]


STANDINGS: Mapping[str, Standing] = {
    "not_taken": Standing(
        title="Not taken",
        condition=lambda now: {"outcome__in": NOT_TAKEN, "settled_at__isnull": False},
    ),
    "late": Standing(
        title="Waits for over an hour",
        condition=lambda now: {"settled_at__isnull": True, "created_at__lte": now - LATE},
    ),
}
