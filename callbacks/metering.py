"""What this floor counts for Prometheus and tells the log: tries to tell Smartico, and how long it
waited."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from callbacks.answers import Outcome
from callbacks.models import DeliveryAttempt
from callbacks.tries import Told, Try
from gateway_project.lib.journal import step
from gateway_project.lib.metrics import CALLBACK_ATTEMPTS, CALLBACK_SECONDS
from gateway_project.lib.tracing import span
from gateway_project.lib.transactions import after_commit
from gateways import configuration

FRESH = timedelta(minutes=5)
"""What was owed for longer may have been acknowledged before: a replay is no news."""


def count_callbacks(told: Sequence[Told], now: datetime) -> None:
    """What came of these tries, once their transaction is through."""
    after_commit(_count, told, now)


def _count(told: Iterable[Told], now: datetime) -> None:
    outcomes: Counter[tuple[str, Outcome]] = Counter()
    heard: dict[int, Try] = {}
    for one in told:
        tried, outcome = one.tried, one.verdict.outcome
        _tell(tried, outcome)
        span(
            tried.message_id,
            "callback",
            tried.started_at,
            now,
            status=tried.status,
            outcome=outcome,
        )
        outcomes[_label(tried), outcome] += 1
        if one.is_heard:
            heard[one.delivery_id] = tried
    for named, count in outcomes.items():
        CALLBACK_ATTEMPTS.labels(*named).inc(count)
    for pk in heard.keys() - _heard_before(heard.values(), now):
        waited = max((now - heard[pk].created_at).total_seconds(), 0.0)
        CALLBACK_SECONDS.labels(_label(heard[pk])).observe(waited)


def _label(tried: Try) -> str:
    label = configuration.current().labels.get(tried.label_id)
    return label.slug if label else ""


def _tell(tried: Try, outcome: Outcome) -> None:
    is_heard = outcome == Outcome.ACKNOWLEDGED
    step(tried.message_id, "callback of %s: %s", tried.status, outcome, went_well=is_heard)


def _heard_before(heard: Collection[Try], now: datetime) -> Iterable[int]:
    """The ids of those that Smartico had acknowledged before this."""
    old = [tried.delivery_id for tried in heard if now - tried.created_at > FRESH]
    if not old:
        return ()
    earlier = DeliveryAttempt.objects.filter(delivery__in=old, outcome=Outcome.ACKNOWLEDGED)
    return set(earlier.filter(finished_at__lt=now).values_list("delivery_id", flat=True))
