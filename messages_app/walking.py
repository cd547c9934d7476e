"""Walking over a label's messages from the oldest on, a batch at a time.

A mark says how far each walk has come, so that nothing is looked at twice and no index is needed
for it: ids grow with time, and each channel of a label has them in order already. What cannot go
when its turn comes is left behind, and looked at again. A batch is one transaction with its mark:
it may be killed at any point, and two at once take turns.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.values import LabelValues
from messages_app.events import locked_messages
from messages_app.models import BEFORE_ALL, LeftBehind, Message, PruneMark, PruneStage
from messages_app.pruning.stages import STAGES

BATCH = 500
LOOKED_AT_AGAIN = timedelta(hours=6)
DAYS = {
    PruneStage.BODIES: "bodies_days",
    PruneStage.EVENTS: "events_days",
    PruneStage.TOMBSTONES: "tombstones_days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One stage over the messages of one channel of a label."""

    label: LabelValues
    channel: Channel
    stage: PruneStage

    @property
    def age(self) -> timedelta:
        days: int = getattr(self.label.retention, DAYS[self.stage])
        return timedelta(days=days)

    def ahead(self) -> "QuerySet[Message]":
        """What has grown old enough since the walk was there last."""
        mark = PruneMark.objects.filter(**self._named).values_list("reached", flat=True).first()
        return self._after(mark or BEFORE_ALL, database_now())

    def step(self) -> int:
        """Prunes the next batch; answers how many messages were looked at."""
        if not self.ahead().exists():
            return 0
        PruneMark.objects.get_or_create(**self._named)
        with writing():
            mark = skipping_locked(PruneMark.objects.filter(**self._named)).first()
            if mark is None:
                return 0
            now = database_now()
            ids = list(self._after(mark.reached, now).values_list("pk", flat=True)[:BATCH])
            if ids:
                prune(self.stage, ids, now)
                PruneMark.objects.filter(pk=mark.pk).update(reached=ids[-1])
        return len(ids)

    def _after(self, reached: UUID, now: datetime) -> "QuerySet[Message]":
        old = Message.objects.filter(label=self.label.id, channel=self.channel)
        return old.filter(pk__gt=reached, pk__lt=first_id(now - self.age)).order_by("pk")

    @property
    def _named(self) -> dict[str, Any]:
        return {"label_id": self.label.id, "channel": self.channel, "stage": self.stage}


def walks(label: str | None = None) -> Iterator[Walk]:
    """All of them, or those of the label with that slug. A channel without a gateway has none."""
    current = configuration.current()
    for values in current.labels.values():
        if label not in (None, values.slug):
            continue
        channels = {
            each.channel for each in current.gateways.values() if each.label_id == values.id
        }
        for stage in STAGES:
            yield from (
                Walk(label=values, channel=channel, stage=stage) for channel in sorted(channels)
            )


def prune(stage: PruneStage, ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Runs a stage over these messages, inside the caller's transaction; answers those that are
    left behind."""
    rows = locked_messages(ids).values()
    kept = STAGES[stage](rows, now)
    leave_behind(kept, stage, now + LOOKED_AT_AGAIN)
    return kept


def leave_behind(ids: Collection[UUID], stage: PruneStage, due_at: datetime) -> None:
    LeftBehind.objects.bulk_create(
        [LeftBehind(message_id=pk, stage=stage, due_at=due_at) for pk in sorted(ids)],
        ignore_conflicts=True,
    )


def look_again(stage: PruneStage) -> int:
    """Prunes a batch of what was left behind; answers how many messages were looked at."""
    if not LeftBehind.objects.filter(stage=stage, due_at__lte=moment()).exists():
        return 0
    with writing():
        now = database_now()
        due = LeftBehind.objects.filter(stage=stage, due_at__lte=now).order_by("due_at", "pk")
        rows = list(skipping_locked(due)[:BATCH])
        kept = prune(stage, [row.message_id for row in rows], now)
        of_these = LeftBehind.objects.filter(pk__in=[row.pk for row in rows])
        of_these.filter(message__in=kept).update(due_at=now + LOOKED_AT_AGAIN)
        of_these.exclude(message__in=kept).delete()
    return len(rows)
