"""Walking over a label's messages from the oldest on, a batch at a time, as they grow old.

A mark says how far each walk has come, so that nothing is looked at twice and no index is needed
for it: ids grow with time, and each channel of a label has them in order already. What it is too
early for is left behind, and looked at again. A batch is one transaction with its mark: it may be
killed at any point, and two at once take turns.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.values import LabelValues
from messages_app.events import locked_messages
from messages_app.models import BEFORE_ALL, LeftBehind, Message, Stage, WalkMark

BATCH = 500
REST_SECONDS = 60.0
"""Between two rounds of the clock when the last one has found nothing."""

Later = Mapping[UUID, datetime]
"""When messages that were left behind are looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is done with messages that have reached a stage.

    `pay` is given messages that are locked, inside the caller's transaction, and answers those that
    are left behind. Of a batch that a walk comes by it is given those that `concerns` picks; what
    was left behind is always shown to it again.
    """

    stage: Stage
    age: Callable[[LabelValues], timedelta]
    pay: Callable[[Collection[Message], datetime], Later]
    concerns: Q = Q()

    def look_again(self) -> int:
        """Visits a batch of what was left behind; answers how many messages were looked at."""
        waiting = LeftBehind.objects.filter(stage=self.stage).order_by("due_at", "pk")
        if not waiting.filter(due_at__lte=moment()).exists():
            return 0
        with writing():
            now = database_now()
            rows = list(skipping_locked(waiting.filter(due_at__lte=now))[:BATCH])
            later = self.pay(locked_messages(row.message_id for row in rows).values(), now)
            _put_off(rows, later)
            done = [row.pk for row in rows if row.message_id not in later]
            LeftBehind.objects.filter(pk__in=done).delete()
        return len(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One visit to the messages of one channel of a label."""

    label: LabelValues
    channel: Channel
    visit: Visit

    def ahead(self) -> "QuerySet[Message]":
        """What has grown old enough since the walk was there last."""
        mark = WalkMark.objects.filter(**self._named).values_list("reached", flat=True).first()
        return self._after(mark or BEFORE_ALL, database_now())

    def step(self) -> int:
        """Visits the next batch; answers how many messages it came by."""
        if not self.ahead().exists():
            return 0
        WalkMark.objects.get_or_create(**self._named)
        with writing():
            mark = skipping_locked(WalkMark.objects.filter(**self._named)).first()
            if mark is None:
                return 0
            now = database_now()
            ids = list(self._after(mark.reached, now).values_list("pk", flat=True)[:BATCH])
            if ids:
                messages = locked_messages(ids, self.visit.concerns).values()
                leave_behind(self.visit.stage, self.visit.pay(messages, now))
                WalkMark.objects.filter(pk=mark.pk).update(reached=ids[-1])
        return len(ids)

    def _after(self, reached: UUID, now: datetime) -> "QuerySet[Message]":
        old = Message.objects.filter(label=self.label.id, channel=self.channel)
        until = first_id(now - self.visit.age(self.label))
        return old.filter(pk__gt=reached, pk__lt=until).order_by("pk")

    @property
    def _named(self) -> dict[str, Any]:
        return {"label_id": self.label.id, "channel": self.channel, "stage": self.visit.stage}


class Resting:
    """A duty of the clock: a round at every tick while there is work, and now and then without."""

    def __init__(self, go_round: Callable[[], int]) -> None:
        self.__name__ = go_round.__name__
        self._go_round, self._rests_until = go_round, 0.0

    def __call__(self) -> int:
        if time.monotonic() < self._rests_until:
            return 0
        done = self._go_round()
        if not done:
            self._rests_until = time.monotonic() + REST_SECONDS
        return done


def walks(visits: Iterable[Visit], label: str | None = None) -> Iterator[Walk]:
    """All of them, or those of the label with that slug. A channel without a gateway has none."""
    current = configuration.current()
    for values in current.labels.values():
        if label not in (None, values.slug):
            continue
        channels = {
            each.channel for each in current.gateways.values() if each.label_id == values.id
        }
        for visit in visits:
            yield from (
                Walk(label=values, channel=channel, visit=visit) for channel in sorted(channels)
            )


def leave_behind(stage: Stage, later: Later) -> None:
    """Notes when these messages are looked at. One that is left behind already stays as it is."""
    rows = [LeftBehind(message_id=pk, stage=stage, due_at=later[pk]) for pk in sorted(later)]
    LeftBehind.objects.bulk_create(rows, ignore_conflicts=True)


def _put_off(rows: Iterable[LeftBehind], later: Later) -> None:
    """One statement for all that wait for the same moment."""
    alike: defaultdict[datetime, list[int]] = defaultdict(list)
    for row in rows:
        if row.message_id in later:
            alike[later[row.message_id]].append(row.pk)
    for due_at, ids in alike.items():
        LeftBehind.objects.filter(pk__in=ids).update(due_at=due_at)
