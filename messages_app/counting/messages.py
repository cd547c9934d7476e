"""The tallies of messages, tries and statuses."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F

from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Status
from messages_app.causes import OUR_OWN
from messages_app.counting.families import Family, register
from messages_app.counting.histogram import bin_in_database
from messages_app.counting.rows import within
from messages_app.counting.window import LATE, Window
from messages_app.models import Measure, Message, SendAttempt, StatusEvent, Tally
from messages_app.statuses import ENDS

BY_STATUS: Mapping[str, Measure] = {
    Status.ACCEPTED: Measure.SENT,  # the provider has taken it
    Status.DELIVERED: Measure.DELIVERED,
    Status.OPENED: Measure.OPENED,
    Status.CLICKED: Measure.CLICKED,
    Status.FAILED: Measure.FAILED,
    Status.REJECTED: Measure.REJECTED,
    Status.COMPLAINED: Measure.COMPLAINED,
    Status.UNSUBSCRIBED: Measure.UNSUBSCRIBED,
}
BY_OUTCOME: Mapping[str, Measure] = {
    "accepted": Measure.TRY_TAKEN,
    "rejected": Measure.TRY_REJECTED,
    "unavailable": Measure.TRY_BROKEN,
    "misconfigured": Measure.TRY_BROKEN,
    "unknown": Measure.TRY_UNKNOWN,
}
"""By the words on send attempts. What the house itself could not send was no try at a gateway."""

GROUPS = ("start", "label_id", "channel", "gateway_id")


def count(window: Window) -> list[Tally]:
    return [*_accepted(window), *_statuses(window), *_tries(window)]


def _accepted(window: Window) -> Iterator[Tally]:
    """Ids tell the time of the web server that made them; the moment, the database's."""
    rows = Message.objects.filter(
        pk__gte=first_id(window.since - LATE),
        pk__lt=first_id(window.until + LATE),
        is_test=False,
        **window.contains("created_at"),
    )
    for row in _grouped(rows.annotate(start=window.start("created_at")), GROUPS):
        yield _tally(window, row, Measure.ACCEPTED)


def _statuses(window: Window) -> Iterator[Tally]:
    rows = within(StatusEvent, "recorded_at", window)
    rows = rows.annotate(start=window.start("recorded_at"), gateway_id=F("message__gateway_id"))
    rows = _of_messages(rows)
    for row in _grouped(rows, (*GROUPS, "status")):
        yield _tally(window, row, BY_STATUS[row["status"]])
    # A provider may say "expired", too.
    ended_here = rows.filter(status__in=ENDS, is_our_own=True, detail__in=OUR_OWN)
    for row in _grouped(ended_here, GROUPS):
        yield _tally(window, row, Measure.ENDED_HERE)


def _tries(window: Window) -> Iterator[Tally]:
    rows = within(SendAttempt, "finished_at", window)
    rows = _of_messages(rows.annotate(start=window.start("finished_at")))
    yield from _outcomes(window, rows)
    yield from _send_latencies(window, rows.filter(outcome="accepted"))


def _outcomes(window: Window, rows: Any) -> Iterator[Tally]:
    found: Counter[tuple[Any, ...]] = Counter()
    for row in _grouped(rows, (*GROUPS, "outcome")):
        if row["outcome"] in BY_OUTCOME:
            found[(BY_OUTCOME[row["outcome"]], *(row[name] for name in GROUPS))] += row["count"]
    for (measure, *values), number in found.items():
        row = dict(zip(GROUPS, values, strict=True)) | {"count": number}
        yield _tally(window, row, measure)


def _send_latencies(window: Window, taken: Any) -> Iterator[Tally]:
    """From our acceptance to the provider's."""
    waited = ExpressionWrapper(
        F("finished_at") - F("message__created_at"), output_field=DurationField()
    )
    rows = taken.annotate(part=bin_in_database(waited))
    for row in _grouped(rows, ("start", "label_id", "channel", "part")):
        yield _tally(window, row, Measure.SEND_LATENCY)


def _of_messages(rows: Any) -> Any:
    """With what their messages tell, without those of tests."""
    of_messages = rows.filter(message__is_test=False)
    return of_messages.annotate(label_id=F("message__label_id"), channel=F("message__channel"))


def _grouped(rows: Any, groups: Iterable[str]) -> Any:
    return rows.order_by().values(*groups).annotate(count=Count("pk"))


def _tally(window: Window, row: Mapping[str, Any], measure: Measure) -> Tally:
    columns = ("start", "label_id", "channel", "gateway_id", "part", "count")
    values = {name: row[name] for name in columns if name in row}
    return Tally(span=window.span, measure=measure, **values)


def began_at() -> datetime | None:
    return Message.objects.order_by("pk").values_list("created_at", flat=True).first()


register(
    Family(
        name="messages",
        measures=frozenset({*BY_STATUS.values(), *BY_OUTCOME.values()})
        | {Measure.ACCEPTED, Measure.ENDED_HERE, Measure.SEND_LATENCY},
        began_at=began_at,
        count=count,
    )
)
