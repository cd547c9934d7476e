"""Families of tallies: what is counted together, out of the same rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from messages_app.counting.window import Window
from messages_app.models import Measure, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`count` answers the tallies of a window, `began_at` the moment of the oldest row, if any."""

    name: str
    measures: frozenset[Measure]
    began_at: Callable[[], datetime | None]
    count: Callable[[Window], Iterable[Tally]]


FAMILIES: dict[str, Family] = {}
"""Every family by its name; the apps put them here."""


def register(family: Family) -> None:
    FAMILIES[family.name] = family
