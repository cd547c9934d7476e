"""The radar's picture: a strip for each brand, on it a bar for each hour."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.http import urlencode

from gateways.models import Brand, Label
from users.models import Blip, MissingHour
from users.radar import HOURS, first_hour

HEIGHT = 40
"""Of the highest bar, in pixels."""
LOWEST = 2
MOST_STRIPS = 25
NO_BRAND = "Keys of no brand"
BY_LABEL, BY_BRAND = "label__id__exact", "brand__id__exact"
"""How the list of missing users is narrowed in its address."""

Of = tuple[int, int]
"""The label's id, and the brand's or 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`left` is in percent of the strip, `top` and `height` in pixels."""

    left: float
    top: float
    height: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    brand: str
    label: str
    asked: int
    came: int
    said: str
    """What the bars show, for those who do not see them."""
    bars: tuple[Bar, ...]
    query: str
    """What narrows the list to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`days` are the midnights (UTC) between the hours: how far from the left, and their names."""

    strips: tuple[Strip, ...]
    left_out: int
    days: tuple[tuple[float, str], ...]
    highest: int
    """The count of the highest bar."""
    width: float = 100 / HOURS
    height: int = HEIGHT


def picture(now: datetime, label_ids: Collection[int], brand_ids: Collection[int]) -> Picture:
    """Of these labels, and of these brands unless none is named. The most asked for first."""
    since = first_hour(now)
    counts = _counts(since, label_ids, brand_ids)
    asked = Counter(
        {of: hours.total() for (of, blip), hours in counts.items() if blip == Blip.ASKED}
    )
    shown = [of for of, _ in asked.most_common(MOST_STRIPS)]
    highest = max((max(counts[of, Blip.ASKED].values()) for of in shown), default=1)
    names = _names(shown)
    return Picture(
        strips=tuple(
            _strip(of, names[of], counts[of, Blip.ASKED], counts[of, Blip.CAME], since, highest)
            for of in shown
        ),
        left_out=len(asked) - len(shown),
        days=_days(since),
        highest=highest,
    )


def _counts(
    since: datetime, label_ids: Collection[int], brand_ids: Collection[int]
) -> defaultdict[tuple[Of, str], Counter[datetime]]:
    rows = MissingHour.objects.filter(hour__gte=since, label_id__in=label_ids)
    if brand_ids:
        rows = rows.filter(brand_id__in=brand_ids)
    counts: defaultdict[tuple[Of, str], Counter[datetime]] = defaultdict(Counter)
    for label_id, brand_id, blip, hour, count in rows.values_list(
        "label_id", "brand_id", "blip", "hour", "count"
    ):
        counts[(label_id, brand_id), blip][hour] += count
    return counts


def _names(shown: Collection[Of]) -> Mapping[Of, tuple[str, str]]:
    """The names of the brand and of its label."""
    labels = Label.objects.in_bulk([label_id for label_id, _ in shown])
    brands = Brand.objects.in_bulk([brand_id for _, brand_id in shown])
    return {
        (label_id, brand_id): (
            str(brands.get(brand_id, NO_BRAND)),
            str(labels.get(label_id, "")),
        )
        for label_id, brand_id in shown
    }


def _strip(
    of: Of,
    names: tuple[str, str],
    asked: Counter[datetime],
    came: Counter[datetime],
    since: datetime,
    highest: int,
) -> Strip:
    (peak_at, peak), (label_id, brand_id) = asked.most_common(1)[0], of
    query = {BY_LABEL: label_id} | ({BY_BRAND: brand_id} if brand_id else {})
    total = f"{asked.total():,} asked for in vain in 7 days"
    return Strip(
        brand=names[0],
        label=names[1],
        asked=asked.total(),
        came=came.total(),
        said=f"{names[0]}: {total}, most at {peak_at:%d %b %H:%M} UTC: {peak:,}",
        bars=tuple(_bar(hour, count, since, highest) for hour, count in sorted(asked.items())),
        query=urlencode(query),
    )


def _bar(hour: datetime, count: int, since: datetime, highest: int) -> Bar:
    """As high as its count among all strips, and never too low to be seen."""
    height = max(LOWEST, HEIGHT * count / highest)
    return Bar(
        left=_left(hour, since),
        top=HEIGHT - height,
        height=height,
        title=f"{hour:%d %b %H:%M} UTC: {count:,}",
    )


def _left(moment: datetime, since: datetime) -> float:
    return 100 * ((moment - since) / timedelta(hours=1)) / HOURS


def _days(since: datetime) -> tuple[tuple[float, str], ...]:
    first = since.replace(hour=0) + timedelta(days=1)
    midnights = (first + timedelta(days=number) for number in range(HOURS // 24))
    return tuple((_left(each, since), f"{each:%a %d}") for each in midnights)
