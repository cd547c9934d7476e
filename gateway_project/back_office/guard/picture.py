"""The guard's picture: the last day's hours as bars, and above them where it would strike."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateways.values import GuardValues
from messages_app.guarding.verdict import HOUR, Counts, Kind, learn, limit, share_limit

HOURS = 24
HEIGHT = 120
"""In pixels."""
HEADROOM = 2
"""Times the highest limit: so high is the picture, and what goes beyond it is cut off there."""
LOWEST = 2
NAMED_EVERY = 4
"""Hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One hour. Heights are in pixels, `left` in percent; `limit_top` is where it would strike."""

    left: float
    top: float
    height: float
    usual_top: float
    usual_height: float
    limit_top: float
    is_over: bool
    is_struck: bool
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The columns, the present one last, and what they say in words."""

    columns: tuple[Column, ...]
    present: int
    usual: int
    limit: int
    days: int
    is_learnt: bool
    failed: str
    failed_limit: str
    said: str
    width: float = 100 / HOURS
    height: int = HEIGHT


def picture(
    guard: GuardValues,
    past: Mapping[datetime, Counts],
    shown: Mapping[datetime, Counts],
    strikes: Mapping[datetime, Collection[Kind]],
    hour: datetime,
) -> Picture:
    """Of the hours until this one. `past` is what may be learnt from."""
    hours = [hour - back * HOUR for back in reversed(range(HOURS))]
    usuals = {at: learn(past, at) for at in hours}
    limits = {at: limit(guard, usuals[at]) for at in hours}
    counts = {at: shown.get(at, Counts()) for at in hours}
    highest = HEADROOM * max(limits.values())
    here, usual = counts[hour], usuals[hour]
    return Picture(
        columns=tuple(
            _column(
                number, at, counts[at].accepted, usuals[at].most, limits[at], highest, at in strikes
            )
            for number, at in enumerate(hours)
        ),
        present=here.accepted,
        usual=usual.most,
        limit=limits[hour],
        days=usual.days,
        is_learnt=usual.is_learnt,
        failed=f"{here.failed_share:.0%} of {here.ended:,}",
        failed_limit="" if guard.failure_share is None else f"{share_limit(guard, usual):.0%}",
        said=f"{here.accepted:,} messages this hour, {limits[hour]:,} are too many",
    )


def _column(
    number: int,
    at: datetime,
    count: int,
    usual: int,
    most: int,
    highest: int,
    is_struck: bool,
) -> Column:
    height = min(max(LOWEST, HEIGHT * count / highest), HEIGHT) if count else 0
    usual_height = HEIGHT * usual / highest
    return Column(
        left=100 * number / HOURS,
        top=HEIGHT - height,
        height=height,
        usual_top=HEIGHT - usual_height,
        usual_height=usual_height,
        limit_top=HEIGHT - HEIGHT * most / highest,
        is_over=count > most,
        is_struck=is_struck,
        name=f"{at:%H}" if number % NAMED_EVERY == HOURS % NAMED_EVERY else "",
        title=f"{at:%d %b %H:%M} UTC: {count:,}, usual at most {usual:,}, too many above {most:,}"
        + (", held" if is_struck else ""),
    )
