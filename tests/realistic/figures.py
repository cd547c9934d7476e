"""What the dashboard reads: the week counted, and what only the web server could have counted."""

import random
from datetime import datetime, timedelta

from callbacks.models import DayCount
from gateways.models import Label
from messages_app.counting.adding import add
from messages_app.counting.families import FAMILIES
from messages_app.counting.histogram import bin_of
from messages_app.counting.window import BY_MINUTES, Window, floor
from messages_app.models import Counted, Measure, Message, Span, Tally
from tests.callbacks.reconciling.scan import scanned
from users.models import Blip, EndUser, MissingHour, MissingUser
from users.radar import HOURS, full_hour

WEEK = timedelta(days=8)
LINE = ("label_id", "day", "channel", "status")
NEVER_SILENT = timedelta(days=1)
"""As if a scheduler ran beside the house."""
REFUSED = {1: 0.011, 2: 0.006, 3: 0.004, 4: 0.002, 22: 0.001}
"""By error_code, for each message that was accepted."""
MISSING = 9
BUSY = 0.3
"""The share of the hours in which somebody was asked for in vain."""


def add_figures(rng: random.Random, now: datetime) -> None:
    """Tallies of all messages, by hours and lately by minutes."""
    lately, end = floor(now - BY_MINUTES, Span.HOUR), floor(now, Span.MINUTE) + timedelta(minutes=1)
    for family in FAMILIES.values():
        hours = Window(since=floor(now - WEEK, Span.HOUR), until=lately, span=Span.HOUR)
        minutes = Window(since=lately, until=end, span=Span.MINUTE)
        Tally.objects.bulk_create([*family.count(hours), *family.count(minutes)])
        Counted.objects.create(family=family.name, until=now, counted_at=now + NEVER_SILENT)
    add(_arrivals(rng))
    _add_missing(rng, now)
    _reconcile()


def _reconcile() -> None:
    DayCount.objects.bulk_create(
        DayCount(standing=standing, count=count, **{name: getattr(line, name) for name in LINE})
        for (line, standing), count in scanned().items()
    )


def _arrivals(rng: random.Random) -> list[Tally]:
    """A latency for each message, and now and then a refusal beside it."""
    found = []
    for at, label_id, channel in Message.objects.values_list("created_at", "label_id", "channel"):
        start = floor(at, Span.HOUR)
        where = {"span": Span.HOUR, "start": start, "label_id": label_id, "channel": channel}
        seconds = bin_of(rng.lognormvariate(-4.9, 0.5))
        found.append(Tally(measure=Measure.ACCEPT_LATENCY, part=seconds, count=1, **where))
        found += [
            Tally(measure=Measure.REFUSED, part=code, count=1, **where)
            for code, share in REFUSED.items()
            if rng.random() < share
        ]
    return found


def _add_missing(rng: random.Random, now: datetime) -> None:
    """Ids with a prefix that the platform's own do not have, and the hours they were asked for."""
    label = Label.objects.order_by("pk")[0]
    known = EndUser.objects.filter(label=label).order_by("ext_user_id")
    for ext_user_id in known.values_list("ext_user_id", flat=True)[:MISSING]:
        asked_at = now - timedelta(minutes=rng.randint(5, 2_000))
        MissingUser.objects.create(
            label=label,
            ext_user_id=f"sm:{ext_user_id}",
            times=rng.randint(1, 6),
            first_asked_at=asked_at - timedelta(hours=3),
            last_asked_at=asked_at,
        )
    brand_ids = [0, *label.brands.order_by("pk").values_list("pk", flat=True)]
    MissingHour.objects.bulk_create(
        MissingHour(
            hour=full_hour(now) - timedelta(hours=ago),
            label_id=label.pk,
            brand_id=brand_id,
            blip=Blip.ASKED,
            count=rng.randint(1, 40),
        )
        for brand_id in brand_ids
        for ago in range(HOURS)
        if rng.random() < BUSY
    )
