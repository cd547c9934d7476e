"""The stretches of time that the dashboard can show, and the points of their charts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateways.admin.time_filter import WITHIN
from messages_app.counting.window import floor
from messages_app.models import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`count` points of `step` seconds each; the last one is still going on."""

    key: str
    title: str
    step: int
    count: int
    point: str
    """How a point is called, for strftime. Times are UTC."""

    def since(self, now: datetime) -> datetime:
        return floor(now, self.step) - timedelta(seconds=self.step * (self.count - 1))

    def points(self, now: datetime) -> list[str]:
        since = self.since(now)
        moments = (since + timedelta(seconds=self.step * place) for place in range(self.count))
        return [moment.strftime(self.point) for moment in moments]

    def narrowed(self, now: datetime) -> dict[str, str]:
        """The same time, for the log of messages."""
        if self.key in WITHIN:
            return {"within": self.key}
        return {"since": self.since(now).strftime("%Y-%m-%dT%H:%M")}

    def place(self, start: datetime, now: datetime) -> int:
        """The number of the point in which a tally lies."""
        return int((start - self.since(now)).total_seconds()) // self.step


HOUR = Period(key="1h", title="1 hour", step=Span.MINUTE, count=60, point="%H:%M")
DAY = Period(key="24h", title="24 hours", step=Span.HOUR, count=24, point="%H:%M")
WEEK = Period(key="7d", title="7 days", step=6 * Span.HOUR, count=28, point="%d %b %H:%M")
MONTH = Period(key="30d", title="30 days", step=Span.DAY, count=30, point="%d %b")
PERIODS: Mapping[str, Period] = {period.key: period for period in (HOUR, DAY, WEEK, MONTH)}
