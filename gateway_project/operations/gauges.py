"""How the house stands at this moment, out of the database: queues, gateways, labels, processes.

Every web server of a house answers the same: whoever looks takes the highest.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import Error
from django.db.models import Count, QuerySet
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callbacks.models import UNHEARD, CallbackDelivery
from gateway_project.lib import connections
from gateway_project.lib.clock import database_now, skew_seconds
from gateway_project.operations.lateness import standstills
from gateway_project.operations.pulse import alive, missing
from gateway_project.operations.queues import QUEUES, Line, lines
from gateways import configuration
from gateways.models import Alert, AlertKind, Breaker
from gateways.values import LabelValues
from messages_app.models import Message, State

logger = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
"""However often it is asked for, a process asks the database no more often."""
KINDS = ("worker", "scheduler")

Row = tuple[tuple[str, ...], float]


class Look:
    """One look at the house. What several gauges tell of is read once."""

    @cached_property
    def waiting(self) -> Sequence[Line]:
        return tuple(lines())

    @cached_property
    def labels(self) -> Collection[LabelValues]:
        return configuration.current().labels.values()

    def depths(self) -> Iterator[Row]:
        for line in self.waiting:
            yield (line.queue, line.label, line.gateway), line.depth

    def lateness(self) -> Iterator[Row]:
        now = database_now()
        for line in self.waiting:
            is_due = line.may_leave and line.oldest is not None and line.oldest < now
            late = (now - line.oldest).total_seconds() if is_due and line.oldest else 0.0
            yield (line.queue, line.label, line.gateway), late

    def standstill(self) -> Iterator[Row]:
        now = database_now()
        slugs = {label.id: label.slug for label in self.labels}
        found = {(queue.name, slug): 0.0 for queue in QUEUES for slug in slugs.values()}
        for each in standstills(now):
            key, late = (each.queue, slugs.get(each.label_id, "")), now - each.oldest
            found[key] = max(late.total_seconds(), found.get(key, 0.0))
        yield from found.items()

    def breakers(self) -> Iterator[Row]:
        opened = set(Breaker.objects.filter(opened_at__isnull=False).values_list("pk", flat=True))
        for label in self.labels:
            for gateway in label.gateways:
                yield (label.slug, gateway.slug), gateway.id in opened

    def paused(self) -> Iterator[Row]:
        for label in self.labels:
            for gateway in label.gateways:
                yield (label.slug, gateway.slug), gateway.is_paused

    def suspended(self) -> Iterator[Row]:
        for label in self.labels:
            yield (label.slug,), label.callbacks_suspended

    def unheard(self) -> Iterator[Row]:
        rows = CallbackDelivery.objects.filter(settlement__in=UNHEARD)
        return self._counted(rows, "settlement", [str(each) for each in UNHEARD])

    def unknown(self) -> Iterator[Row]:
        rows = Message.objects.filter(state=State.UNKNOWN).order_by()
        found = dict(rows.values_list("label_id").annotate(count=Count("*")))
        for label in self.labels:
            yield (label.slug,), found.get(label.id, 0)

    def alerts(self) -> Iterator[Row]:
        return self._counted(Alert.objects.filter(ended_at=None), "kind", AlertKind.values)

    def processes(self) -> Iterator[Row]:
        for kind in KINDS:
            yield (kind,), alive(kind)

    def missing(self) -> Iterator[Row]:
        for kind in KINDS:
            yield (kind,), missing(kind)

    def skew(self) -> Iterator[Row]:
        yield (), skew_seconds()

    def _counted(self, rows: "QuerySet[Any]", column: str, values: Iterable[str]) -> Iterator[Row]:
        """How many there are of each label with each value, none included."""
        counts = rows.order_by().values_list("label_id", column).annotate(count=Count("*"))
        found = {(label_id, value): count for label_id, value, count in counts}
        for label in self.labels:
            for value in values:
                yield (label.slug, value), found.get((label.id, value), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """`read` answers the label values of each series, and its value."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    read: Callable[[Look], Iterable[Row]]


GAUGES = (
    Gauge(
        name="gatehouse_queue_depth",
        help="What waits, due now or later: to be sent, reported, relayed, or in the inbox.",
        labels=("queue", "label", "gateway"),
        read=Look.depths,
    ),
    Gauge(
        name="gatehouse_queue_oldest_due_seconds",
        help="For how long the oldest has been due that may leave; 0 where none is.",
        labels=("queue", "label", "gateway"),
        read=Look.lateness,
    ),
    Gauge(
        name="gatehouse_queue_standstill_seconds",
        help="Where nothing leaves though it may: for how long the oldest has been due; else 0.",
        labels=("queue", "label"),
        read=Look.standstill,
    ),
    Gauge(
        name="gatehouse_breaker_open",
        help="1 where nothing is sent since the provider does not answer.",
        labels=("label", "gateway"),
        read=Look.breakers,
    ),
    Gauge(
        name="gatehouse_gateway_paused",
        help="1 where messages are held until a person resumes the gateway.",
        labels=("label", "gateway"),
        read=Look.paused,
    ),
    Gauge(
        name="gatehouse_callbacks_suspended",
        help="1 where Smartico is told nothing until a person has corrected the api_key.",
        labels=("label",),
        read=Look.suspended,
    ),
    Gauge(
        name="gatehouse_callbacks_unheard",
        help="Statuses that Smartico was not told: out of tries, or of no message it knows.",
        labels=("label", "settlement"),
        read=Look.unheard,
    ),
    Gauge(
        name="gatehouse_messages_unknown",
        help="Messages of which nobody knows whether they were sent; a person decides.",
        labels=("label",),
        read=Look.unknown,
    ),
    Gauge(
        name="gatehouse_alerts_open",
        help="What needs a person, by kind, as the label's own people are told.",
        labels=("label", "kind"),
        read=Look.alerts,
    ),
    Gauge(
        name="gatehouse_processes_alive",
        help="Processes that gave a sign of life within half a minute.",
        labels=("kind",),
        read=Look.processes,
    ),
    Gauge(
        name="gatehouse_processes_missing",
        help="Processes that should be beside those that are alive: they die time and again.",
        labels=("kind",),
        read=Look.missing,
    ),
    Gauge(
        name="gatehouse_clock_skew_seconds",
        help="This machine's clock, less the database's.",
        read=Look.skew,
    ),
)
DATABASE_UP = "gatehouse_database_up"


class Gauges(Collector):
    """All of them; without a database only that there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._read_at = 0.0

    def collect(self) -> list[Metric]:
        with self._lock:
            if not self._kept or time.monotonic() - self._read_at > KEPT_SECONDS:
                self._kept = self._read()
                self._read_at = time.monotonic()
            return self._kept

    def describe(self) -> Iterable[Metric]:
        """Nothing is read to be registered."""
        return ()

    def forget(self) -> None:
        with self._lock:
            self._kept = []

    def _read(self) -> list[Metric]:
        up = GaugeMetricFamily(DATABASE_UP, "1 where the database answers.")
        try:
            look = Look()
            found = [_family(gauge, look) for gauge in GAUGES]
        except Error as error:
            logger.error("metrics without the database: %s", type(error).__name__)
            connections.give_up(error)
            found = []
        up.add_metric((), bool(found))
        return [up, *found]


def _family(gauge: Gauge, look: Look) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
    for names, value in gauge.read(look):
        family.add_metric(names, value)
    return family
