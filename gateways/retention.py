"""How long a label keeps what, in days from a message's acceptance."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Bodies go first, then the details, and last the tombstone that is left of a message."""

    bodies_days: int = 30
    events_days: int = 90
    tombstones_days: int = 365


DAYS = tuple(field.name for field in fields(Retention))


def retention_of(given: Mapping[str, Any]) -> Retention:
    """The label's own days, with the usual ones where it has none.

    What goes later is kept at least as long as what goes before.
    """
    usual, longest, days = Retention(), 0, {}
    for name in DAYS:
        longest = max(longest, given.get(name) or getattr(usual, name))
        days[name] = longest
    return Retention(**days)
