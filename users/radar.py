"""The radar of missing users: how often they are asked for, by brand and hour."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from gateway_project.lib.adding import add
from gateway_project.lib.clock import database_now
from gateway_project.lib.collecting import COLLECTIONS, Collection
from gateway_project.lib.transactions import writing
from users.models import Blip, MissingHour

HOURS = 7 * 24
"""As long as a missing user is remembered, and the present one."""
KEY = ("hour", "label_id", "brand_id", "blip")
BATCH = 1_000

Seen = tuple[datetime, int, int, Blip]


def blip(label_id: int, brand_id: int | None, what: Blip, count: int = 1) -> None:
    """Counts it in the present hour; it is written a few seconds later."""
    _seen.note((full_hour(datetime.now(UTC)), label_id, brand_id or 0, what), count)


def full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def first_hour(now: datetime) -> datetime:
    """The oldest of the hours that are kept."""
    return full_hour(now.astimezone(UTC)) - timedelta(hours=HOURS - 1)


def forget_hours() -> int:
    """Ends those that are no longer shown; answers how many."""
    old = MissingHour.objects.filter(hour__lt=first_hour(database_now()))
    ended = list(old.values_list("pk", flat=True)[:BATCH])
    if not ended:
        return 0
    with writing():
        return MissingHour.objects.filter(pk__in=ended).delete()[0]


def _write(counts: Mapping[Seen, int]) -> None:
    with writing():
        add(
            [
                MissingHour(**dict(zip(KEY, seen, strict=True)), count=count)
                for seen, count in counts.items()
            ],
            KEY,
        )


_seen = Collection(_write)
COLLECTIONS.append(_seen)
