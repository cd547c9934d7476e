"""Which stretch of time is counted next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models.functions import TruncHour, TruncMinute

from messages_app.models import Span

LATE = timedelta(minutes=2)
"""How long after its moment a row may still turn up: transactions end, clocks differ."""
BY_MINUTES = timedelta(hours=3)
"""The past that is counted by minutes; what is older, by hours."""
AT_ONCE = timedelta(minutes=30)

TRUNCATIONS: dict[int, Any] = {Span.MINUTE: TruncMinute, Span.HOUR: TruncHour}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `since` on and before `until`, both at full minutes or hours of UTC."""

    since: datetime
    until: datetime
    span: Span

    def start(self, column: str) -> Any:
        """The start of the minute or hour in which a row's moment lies."""
        return TRUNCATIONS[self.span](column, tzinfo=UTC)

    def contains(self, column: str) -> dict[str, datetime]:
        """The condition that a row's moment lies in here."""
        return {f"{column}__gte": self.since, f"{column}__lt": self.until}


def next_window(counted_until: datetime, now: datetime) -> Window:
    """What to count where all before `counted_until` is final: in pieces while there is much."""
    if counted_until < floor(now - BY_MINUTES, Span.HOUR):
        since = floor(counted_until, Span.HOUR)
        return Window(since=since, until=since + timedelta(hours=1), span=Span.HOUR)
    since = min(floor(counted_until, Span.MINUTE), floor(now, Span.MINUTE))
    until = min(since + AT_ONCE, floor(now, Span.MINUTE) + timedelta(minutes=1))
    return Window(since=since, until=until, span=Span.MINUTE)


def brief_window(counted_until: datetime, counted_at: datetime, now: datetime) -> Window | None:
    """The minutes since the last count, in which nearly all is that has come since. None where more
    becomes final if all is counted that is not: once a minute, and what came late is in it."""
    was_set_back = counted_until > now
    if was_set_back or floor(now - LATE, Span.MINUTE) > counted_until:
        return None
    until = floor(now, Span.MINUTE) + timedelta(minutes=1)
    return Window(since=floor(counted_at, Span.MINUTE), until=until, span=Span.MINUTE)


def final_until(window: Window, now: datetime) -> datetime:
    """Until when a window that was counted at `now` is final. Never before its beginning."""
    return max(window.since, min(window.until, floor(now - LATE, Span.MINUTE)))


def floor(moment: datetime, span: int) -> datetime:
    """The start of the minute, hour or day of UTC."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % span, UTC)
