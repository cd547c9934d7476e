"""The tallies of callbacks."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
)

from callbacks.answers import Outcome
from callbacks.models import DeliveryAttempt
from messages_app.counting.families import Family, register
from messages_app.counting.histogram import bin_in_database
from messages_app.counting.rows import within
from messages_app.counting.window import Window
from messages_app.models import Measure, Tally


def count(window: Window) -> list[Tally]:
    rows: QuerySet[DeliveryAttempt] = within(DeliveryAttempt, "finished_at", window).order_by()
    rows = rows.annotate(start=window.start("finished_at"), label_id=F("delivery__label_id"))
    heard = _latencies(window, rows.filter(outcome=Outcome.ACKNOWLEDGED))
    return [*heard, *_failures(window, rows.exclude(outcome=Outcome.ACKNOWLEDGED))]


def _latencies(window: Window, heard: Any) -> Iterator[Tally]:
    """From when a status was learnt to when Smartico first acknowledged it; a replay is no news."""
    earlier = DeliveryAttempt.objects.filter(
        delivery=OuterRef("delivery"), outcome=Outcome.ACKNOWLEDGED, pk__lt=OuterRef("pk")
    )
    owed_for = ExpressionWrapper(
        F("finished_at") - F("delivery__created_at"), output_field=DurationField()
    )
    rows = heard.filter(~Exists(earlier)).annotate(part=bin_in_database(owed_for))
    for row in rows.values("start", "label_id", "part").annotate(count=Count("pk")):
        yield Tally(span=window.span, measure=Measure.CALLBACK_LATENCY, **row)


def _failures(window: Window, unheard: Any) -> Iterator[Tally]:
    for row in unheard.values("start", "label_id").annotate(count=Count("pk")):
        yield Tally(span=window.span, measure=Measure.CALLBACK_FAILED, **row)


def began_at() -> datetime | None:
    return DeliveryAttempt.objects.order_by("pk").values_list("finished_at", flat=True).first()


register(
    Family(
        name="callbacks",
        measures=frozenset({Measure.CALLBACK_LATENCY, Measure.CALLBACK_FAILED}),
        began_at=began_at,
        count=count,
    )
)
