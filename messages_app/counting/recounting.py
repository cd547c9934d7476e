"""Recounting: tallies are made from the rows themselves, again as long as late rows may come.

Nothing is added up as it happens. What a crash, a late commit or a second scheduler has left
behind is right after the next count.
"""

import time
from datetime import datetime, timedelta

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.counting.families import FAMILIES, Family
from messages_app.counting.window import Window, brief_window, final_until, next_window
from messages_app.models import Counted, Tally

EVERY = timedelta(seconds=10)
BUDGET_SECONDS = 0.5
"""Where there is much to catch up with, for how long at a tick windows are begun."""
FAR_BACK = timedelta(days=31)
"""What was before the first count is not shown: further back nobody looks."""
BATCH = 500


def recount() -> int:
    """Brings every family up to the present; answers how many windows were counted."""
    return sum(_bring_up(family) for family in list(FAMILIES.values()))


def _bring_up(family: Family) -> int:
    """Windows until the present is counted, or the tick's time is up."""
    deadline = time.monotonic() + BUDGET_SECONDS
    windows, is_present = 0, False
    while not is_present and (not windows or time.monotonic() < deadline):
        now = database_now()
        counted = _standing(family, now)
        if counted is None or now - counted.counted_at < EVERY:
            break
        brief = brief_window(counted.until, counted.counted_at, now)
        window = brief or next_window(counted.until, now)
        until = counted.until if brief else final_until(window, now)
        is_present = window.until > now
        _count(family, counted, window, until, now if is_present else counted.counted_at)
        windows += 1
    return windows


def _standing(family: Family, now: datetime) -> Counted | None:
    """How far the family is counted; None where there is nothing to count yet."""
    counted = Counted.objects.filter(pk=family.name).first()
    began_at = family.began_at() if counted is None else None
    if began_at is not None:
        since = max(began_at, now - FAR_BACK)
        counted = Counted(family=family.name, until=since, counted_at=min(since, now - EVERY))
        with writing():
            Counted.objects.bulk_create([counted], ignore_conflicts=True)
    return counted


def _count(
    family: Family, counted: Counted, window: Window, until: datetime, counted_at: datetime
) -> None:
    """Counts first and then writes, so that nobody waits. Two at a time write one after the other;
    each says how far its own count is final, so the earlier one does no harm."""
    tallies = list(family.count(window))
    with writing():
        mine = Counted.objects.filter(pk=family.name, until=counted.until).update(
            until=until, counted_at=counted_at
        )
        if mine:
            _replace(family, window, tallies)


def _replace(family: Family, window: Window, tallies: list[Tally]) -> None:
    Tally.objects.filter(measure__in=family.measures, **window.contains("start")).delete()
    Tally.objects.bulk_create(tallies, batch_size=BATCH)
