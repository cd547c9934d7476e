"""How Smartico was told of a status: mostly at once, sometimes late, and in the end not at all."""

import random
from datetime import datetime, timedelta

from callbacks.answers import Outcome
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from gateways import configuration
from messages_app.models import StatusEvent
from tests.realistic.setup import SUSPENDED_FOR, SUSPENDED_LABEL

HOST = "api.smartico.example"
CALLBACK_URL = f"https://{HOST}/callback"
OUT_OF_TRIES = timedelta(days=3)
WAITS = (0.0, 5.0, 35.0, 150.0)
"""Seconds from the first try of a callback to each of its tries."""

Told = tuple[CallbackDelivery, list[DeliveryAttempt]]


def told(rng: random.Random, event: StatusEvent, now: datetime) -> Told:
    """The status as it is owed, and the tries to tell it up to now."""
    row = CallbackDelivery(
        message=event.message,
        label_id=event.message.label_id,
        host=HOST,
        status=event.status,
        due_at=max(event.recorded_at, event.message.created_at + timedelta(seconds=1)),
        created_at=event.recorded_at,
    )
    label = configuration.current().labels[row.label_id]
    if label.slug == SUSPENDED_LABEL and now - row.due_at < SUSPENDED_FOR:
        return row, []
    if now - row.due_at > OUT_OF_TRIES and rng.random() < 0.003:
        return _given_up(rng, row)
    return _heard(rng, row, now)


def _heard(rng: random.Random, row: CallbackDelivery, now: datetime) -> Told:
    failures = rng.choices((0, 1, 2, 3), (95, 3, 1.5, 0.5))[0]
    tries = []
    for number, wait in enumerate(WAITS[: failures + 1]):
        is_last = number == failures
        one = _try(rng, row, wait, Outcome.ACKNOWLEDGED if is_last else Outcome.FAILED)
        if one.finished_at >= now:
            row.due_at = one.started_at
            return row, tries
        tries.append(one)
        row.attempts = len(tries)
        if not is_last:
            row.first_failed_at = row.first_failed_at or one.finished_at
    row.settlement, row.settled_at = Settlement.ACKNOWLEDGED, tries[-1].finished_at
    return row, tries


def _given_up(rng: random.Random, row: CallbackDelivery) -> Told:
    """Smartico never knew the message, or never answered."""
    is_unknown = rng.random() < 0.4
    outcome = Outcome.NOT_FOUND if is_unknown else Outcome.FAILED
    tries = [_try(rng, row, wait, outcome) for wait in (*WAITS, 7200.0, 86_400.0)]
    row.attempts, row.settled_at = len(tries), row.created_at + OUT_OF_TRIES
    row.settlement = Settlement.MISMATCH if is_unknown else Settlement.DEAD
    row.first_failed_at = None if is_unknown else tries[0].finished_at
    return row, tries


SAID = {
    Outcome.ACKNOWLEDGED: (200, ""),
    Outcome.NOT_FOUND: (200, "message was not found"),
    Outcome.FAILED: (503, "HTTP 503"),
}


def _try(
    rng: random.Random, row: CallbackDelivery, wait: float, outcome: Outcome
) -> DeliveryAttempt:
    http_status, detail = SAID[outcome]
    started_at = row.due_at + timedelta(seconds=wait + rng.uniform(0.01, 0.3))
    return DeliveryAttempt(
        delivery=row,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=min(4.0, rng.lognormvariate(-2.6, 0.5))),
        http_status=http_status,
        outcome=outcome,
        detail=detail,
    )
