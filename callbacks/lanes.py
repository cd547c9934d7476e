"""Lanes: the callbacks of one label to one host. A host that hangs holds up no other lane."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import OuterRef, Subquery

from callbacks.models import CallbackDelivery, DeliveryQuerySet
from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import from_the_front
from gateway_project.lib.kicks import kick
from gateways import configuration
from gateways.models import Label

DRAIN = "report"
UNREADABLE = ""
"""The host of messages whose callback_url does not open: they fail visibly, and are tried again."""

LONGEST_HOLD_SECONDS = 60.0
"""A host that asks for more is asked again by then, with as many callbacks as are in the air."""

MOST_HELD = 1000
"""Beyond so many those are forgotten that are on hold no more."""

LONGEST_DUE = 256
"""So many deliveries of a label are looked at for the lanes they are in."""
MOST_LEAPS = 256
"""At most so many of its lanes are looked at one after the other, at a time."""

LEAP = """
    WITH RECURSIVE lanes (host, number) AS (
        SELECT (
            SELECT here.host FROM callbacks_callbackdelivery AS here
            WHERE here.label_id = %(label)s AND here.host >= %(host)s AND here.settlement = 'owed'
            ORDER BY here.host LIMIT 1
        ), 1
        UNION ALL
        SELECT (
            SELECT beyond.host FROM callbacks_callbackdelivery AS beyond
            WHERE beyond.label_id = %(label)s AND beyond.host > lanes.host
                AND beyond.settlement = 'owed'
            ORDER BY beyond.host LIMIT 1
        ), lanes.number + 1
        FROM lanes WHERE lanes.host IS NOT NULL AND lanes.number < %(most)s
    )
    SELECT lanes.host, (
        SELECT 1 FROM callbacks_callbackdelivery AS due
        WHERE due.label_id = %(label)s AND due.host = lanes.host AND due.settlement = 'owed'
            AND due.due_at <= %(by)s AND (due.lease_until IS NULL OR due.lease_until <= %(by)s)
        ORDER BY due.due_at, due.id LIMIT 1
    )
    FROM lanes WHERE lanes.host IS NOT NULL
"""
"""In leaps along the index: it costs a look per lane, however many deliveries stand in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    label_id: int
    host: str

    @classmethod
    def of_key(cls, key: str) -> "Lane":
        label_id, _, host = key.partition("/")
        return cls(label_id=int(label_id), host=host)

    @property
    def key(self) -> str:
        """How the drain of this lane is named."""
        return f"{self.label_id}/{self.host}"

    @property
    def is_open(self) -> bool:
        """Whether callbacks go out: not where the label's api_key was turned away, nor on hold."""
        label = configuration.current().labels.get(self.label_id)
        is_on_hold = _held_until.get(self, 0.0) > time.monotonic()
        return label is not None and not label.callbacks_suspended and not is_on_hold

    def deliveries(self) -> DeliveryQuerySet:
        return CallbackDelivery.objects.filter(label=self.label_id, host=self.host)

    def hold(self, seconds: float) -> None:
        """Leaves the host in peace, from this process, as it asked for by Retry-After."""
        now = time.monotonic()
        if len(_held_until) >= MOST_HELD:
            for lane in [lane for lane, until in list(_held_until.items()) if until <= now]:
                _held_until.pop(lane, None)
        _held_until[self] = now + min(seconds, LONGEST_HOLD_SECONDS)

    def has_due(self) -> bool:
        return self.deliveries().due(moment()).exists()

    def longest_due(self, now: datetime) -> datetime | None:
        """Since when something has been due."""
        due = self.deliveries().due(now).order_by("due_at", "pk")
        with from_the_front():
            return due.values_list("due_at", flat=True).first()

    def kick(self) -> None:
        kick(DRAIN, self.key)


_held_until: dict[Lane, float] = {}
_turns: dict[int, str] = {}
"""Where the next leaps of a label begin."""


def due_lanes() -> list[str]:
    """The keys of the lanes that have something to tell now."""
    return [lane.key for lane in lanes_due(database_now()) if lane.is_open]


def lanes_due(by: datetime) -> Iterator[Lane]:
    """Those of labels that are not suspended with something due by then: of each label the lanes
    of the longest due deliveries, the longest due first. Where so many are due that others may
    stand behind them, some more of its lanes, others at each look. So it costs what is due, or
    what is looked at at most, however many deliveries and lanes there are.
    """
    for label_id in _labels_due(by):
        due = CallbackDelivery.objects.filter(label=label_id).due(by).order_by("due_at")
        with from_the_front():
            hosts = list(due.values_list("host", flat=True)[:LONGEST_DUE])
        if len(hosts) == LONGEST_DUE:
            hosts += _hosts_in_turn(label_id, by)
        for host in dict.fromkeys(hosts):
            yield Lane(label_id=label_id, host=host)


def lanes_with_debts(label_id: int) -> list[Lane]:
    """Of the label, due or not: the first of them."""
    found = _leap(label_id, "", database_now())
    return [Lane(label_id=label_id, host=host) for host, _ in found]


def _labels_due(by: datetime) -> list[int]:
    """The longest due first. A look along the index for each label that is not suspended."""
    due = CallbackDelivery.objects.due(by).filter(label=OuterRef("pk")).order_by("due_at")
    labels = Label.objects.filter(callbacks_suspended_at=None).order_by()
    longest = labels.annotate(longest_due=Subquery(due.values("due_at")[:1]))
    found = [row for row in longest.values_list("longest_due", "pk") if row[0] is not None]
    return [label_id for _, label_id in sorted(found)]


def _hosts_in_turn(label_id: int, by: datetime) -> list[str]:
    """Those with something due among the lanes that come after those of the last look."""
    found = _leap(label_id, _turns.get(label_id, ""), by)
    _turns[label_id] = found[-1][0] if len(found) == MOST_LEAPS else ""
    return [host for host, is_due in found if is_due]


def _leap(label_id: int, host: str, by: datetime) -> list[tuple[str, bool]]:
    """The label's hosts from this one on, and whether something is due there."""
    moment = connection.ops.adapt_datetimefield_value(by)
    with from_the_front(), connection.cursor() as cursor:
        cursor.execute(LEAP, {"label": label_id, "host": host, "most": MOST_LEAPS, "by": moment})
        return [(host, bool(is_due)) for host, is_due in cursor.fetchall()]
