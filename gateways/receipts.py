"""How long a label waits for the receipt of a message, and what it says when none came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

LONGEST_HOURS = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Hours from when a provider took a message. `report` is whether it has failed then; or else
    it stays as it is."""

    hours: int = 72
    report: bool = True

    @property
    def time(self) -> timedelta:
        return timedelta(hours=self.hours)


def receipts_of(given: Mapping[str, Any]) -> Receipts:
    """What the label says, and the usual where it says nothing."""
    return Receipts(**given)
