"""Booking: what becomes of a status is counted in the transaction in which it becomes so."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from callbacks.models import Booking, CallbackDelivery, Standing
from gateway_project.lib import bulk
from messages_app.models import StatusEvent


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """What statuses are counted together by: those learnt on one day."""

    label_id: int
    day: date
    channel: str
    status: str


def day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


class Book:
    """Collects what happened in a transaction, to be written in one statement."""

    def __init__(self) -> None:
        self._changes: Counter[tuple[Line, str]] = Counter()

    def learn(self, events: Iterable[StatusEvent], standing: Standing) -> None:
        """New statuses. Those of tests are nothing to Smartico."""
        for event in events:
            if not event.message.is_test:
                self._changes[_line_of(event), standing] += 1

    def move(self, line: Line, before: str, after: str, count: int = 1) -> None:
        """So many stand otherwise from now on."""
        self._changes[line, before] -= count
        self._changes[line, after] += count

    def move_all(self, deliveries: "QuerySet[CallbackDelivery]", after: Standing) -> None:
        """These, which the caller has locked and not changed yet."""
        groups = ("label_id", "day", "message__channel", "status")
        rows = deliveries.order_by().annotate(day=TruncDate("created_at", tzinfo=UTC))
        for *line, before, count in rows.values_list(*groups, "settlement").annotate(Count("pk")):
            self.move(Line(*line), before, after, count)

    def write(self) -> None:
        bulk.write(self.written())

    def written(self) -> bulk.Write:
        """For who has more to write by the same statement."""
        rows = [
            (*_columns(line), str(standing), count)
            for (line, standing), count in sorted(self._changes.items())
            if count
        ]
        return bulk.inserting(Booking, (*Line.__slots__, "standing", "count"), rows)


_columns = attrgetter(*Line.__slots__)


def line_of(delivery: CallbackDelivery, channel: str) -> Line:
    return Line(delivery.label_id, day_of(delivery.created_at), channel, delivery.status)


def _line_of(event: StatusEvent) -> Line:
    message = event.message
    return Line(message.label_id, day_of(event.recorded_at), message.channel, event.status)
