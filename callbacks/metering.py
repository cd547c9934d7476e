"""What this floor counts for Prometheus and tells the log: tries to tell Smartico, and how long it
waited."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from callbacks.answers import Outcome
from callbacks.models import CallbackDelivery, DeliveryAttempt
from gateway_project.lib.journal import step
from gateway_project.lib.metrics import CALLBACK_ATTEMPTS, CALLBACK_SECONDS
from gateway_project.lib.tracing import span
from gateway_project.lib.transactions import after_commit
from gateways import configuration

FRESH = timedelta(minutes=5)
"""What was owed for longer may have been acknowledged before: a replay is no news."""

Came = tuple[CallbackDelivery, Outcome, datetime]
"""The delivery, what came of the try, and when that began."""


def count_callbacks(came: Sequence[Came], now: datetime) -> None:
    """What came of these deliveries' tries, once their transaction is through."""
    after_commit(_count, came, now)


def _count(came: Sequence[Came], now: datetime) -> None:
    names = {label.id: label.slug for label in configuration.current().labels.values()}
    for row, outcome, began in came:
        _tell(row, outcome)
        span(row.message_id, "callback", began, now, status=row.status, outcome=outcome)
        CALLBACK_ATTEMPTS.labels(names.get(row.label_id, ""), outcome).inc()
    heard = {row.pk: row for row, outcome, _ in came if outcome == Outcome.ACKNOWLEDGED}
    for pk in heard.keys() - _heard_before(heard, now):
        row = heard[pk]
        waited = max((now - row.created_at).total_seconds(), 0.0)
        CALLBACK_SECONDS.labels(names.get(row.label_id, "")).observe(waited)


def _tell(row: CallbackDelivery, outcome: Outcome) -> None:
    is_heard = outcome == Outcome.ACKNOWLEDGED
    step(row.message_id, "callback of %s: %s", row.status, outcome, went_well=is_heard)


def _heard_before(heard: Mapping[int, CallbackDelivery], now: datetime) -> Iterable[int]:
    """The ids of those that Smartico had acknowledged before this."""
    old = [pk for pk, row in heard.items() if now - row.created_at > FRESH]
    if not old:
        return ()
    earlier = DeliveryAttempt.objects.filter(delivery__in=old, outcome=Outcome.ACKNOWLEDGED)
    return set(earlier.filter(finished_at__lt=now).values_list("delivery_id", flat=True))
