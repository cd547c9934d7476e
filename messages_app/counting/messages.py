"""The tallies of messages, tries and statuses."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Q, When

from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Status
from messages_app.causes import OUR_OWN
from messages_app.counting.families import Family, register
from messages_app.counting.histogram import bin_in_database
from messages_app.counting.rows import within
from messages_app.counting.window import LATE, Window
from messages_app.models import Measure, Message, SendAttempt, StatusEvent, Tally
from messages_app.outcomes import TAKEN
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
    TAKEN: Measure.TRY_TAKEN,
    "rejected": Measure.TRY_REJECTED,
    "unavailable": Measure.TRY_BROKEN,
    "misconfigured": Measure.TRY_BROKEN,
    "unknown": Measure.TRY_UNKNOWN,
}
"""By the words on send attempts. What the house itself could not send was no try at a gateway."""

GROUPS = ("start", "label_id", "channel", "gateway_id")
OF_LATENCY = ("start", "label_id", "channel", "part")
"""From our acceptance to the provider's, whichever it was."""


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
    """All that is learnt of them is read once: of some minutes there are hundred thousands."""
    rows = within(StatusEvent, "recorded_at", window)
    rows = rows.annotate(start=window.start("recorded_at"), gateway_id=F("message__gateway_id"))
    # A provider may say "expired", too.
    ended_here = Q(status__in=ENDS, is_our_own=True, detail__in=OUR_OWN)
    sums = _Sums(window)
    for row in _grouped(
        _of_messages(rows), (*GROUPS, "status"), ended=Count("pk", filter=ended_here)
    ):
        sums.add(BY_STATUS[row["status"]], row, GROUPS, row["count"])
        sums.add(Measure.ENDED_HERE, row, GROUPS, row["ended"])
    return sums.tallies()


def _tries(window: Window) -> Iterator[Tally]:
    """By what came of them, and of those that were taken, how long their messages had waited."""
    rows = within(SendAttempt, "finished_at", window)
    waited = ExpressionWrapper(
        F("finished_at") - F("message__created_at"), output_field=DurationField()
    )
    taken = When(outcome=TAKEN, then=bin_in_database(waited))
    rows = rows.annotate(start=window.start("finished_at"), part=Case(taken, default=None))
    sums = _Sums(window)
    for row in _grouped(_of_messages(rows), (*GROUPS, "outcome", "part")):
        if row["outcome"] in BY_OUTCOME:
            sums.add(BY_OUTCOME[row["outcome"]], row, GROUPS, row["count"])
        if row["part"] is not None:
            sums.add(Measure.SEND_LATENCY, row, OF_LATENCY, row["count"])
    return sums.tallies()


class _Sums:
    """Counts of groups that are finer than what is told."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._counts: Counter[tuple[Measure, tuple[tuple[str, Any], ...]]] = Counter()

    def add(
        self, measure: Measure, row: Mapping[str, Any], groups: Iterable[str], count: int
    ) -> None:
        self._counts[measure, tuple((name, row[name]) for name in groups)] += count

    def tallies(self) -> Iterator[Tally]:
        for (measure, groups), count in self._counts.items():
            if count:
                yield _tally(self._window, {**dict(groups), "count": count}, measure)


def _of_messages(rows: Any) -> Any:
    """With what their messages tell, without those of tests."""
    of_messages = rows.filter(message__is_test=False)
    return of_messages.annotate(label_id=F("message__label_id"), channel=F("message__channel"))


def _grouped(rows: Any, groups: Iterable[str], **more: Any) -> Any:
    return rows.order_by().values(*groups).annotate(count=Count("pk"), **more)


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
