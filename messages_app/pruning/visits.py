"""When a message has grown old enough for what, by its label's days."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from gateways.values import LabelValues
from messages_app.models import Message, Stage
from messages_app.pruning.stages import REMOVALS
from messages_app.walking import Later, Visit

LOOKED_AT_AGAIN = timedelta(hours=6)
DAYS = {
    Stage.BODIES: "bodies_days",
    Stage.EVENTS: "events_days",
    Stage.TOMBSTONES: "tombstones_days",
}


def age(stage: Stage, label: LabelValues) -> timedelta:
    days: int = getattr(label.retention, DAYS[stage])
    return timedelta(days=days)


def prune(stage: Stage, messages: Collection[Message], now: datetime) -> Later:
    kept = REMOVALS[stage](messages, now)
    return dict.fromkeys(kept, now + LOOKED_AT_AGAIN)


VISITS = tuple(
    Visit(stage=stage, age=partial(age, stage), pay=partial(prune, stage)) for stage in REMOVALS
)
