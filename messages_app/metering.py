"""What this floor counts for Prometheus and tells the log: requests, tries and statuses.

Tests of gateways by hand are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Histogram

from gateway_project.lib.journal import step
from gateway_project.lib.metrics import (
    ACCEPT_SECONDS,
    PROVIDER_SECONDS,
    REQUESTS,
    SEND_ATTEMPTS,
    SEND_SECONDS,
    STATUSES,
)
from gateway_project.lib.protocol import Answer
from gateway_project.lib.tracing import first_span, span
from gateway_project.lib.transactions import after_commit
from gateways import configuration
from gateways.values import GatewayValues
from messages_app.models import StatusEvent
from messages_app.outcomes import Decision, Next
from messages_app.tries import Tried


def count_request(label: str, channel: str, answer: Answer, seconds: float) -> None:
    """An answer of the send APIs; without a label where the caller is not known."""
    REQUESTS.labels(label, channel, answer.error_code).inc()
    if answer.ext_message_id is not None:
        ACCEPT_SECONDS.labels(label, channel).observe(seconds)
        message_id, now = answer.ext_message_id, datetime.now(UTC)
        first_span(message_id, "accept", seconds, now, label=label, channel=channel)


def count_tries(decided: Sequence[tuple[Tried, Decision]], now: datetime) -> None:
    """Tries to send, once their transaction is through."""
    real = [(tried, decision) for tried, decision in decided if not tried.message.is_test]
    after_commit(_count_tries, real, now)


def _count_tries(decided: Iterable[tuple[Tried, Decision]], now: datetime) -> None:
    outcomes: Counter[tuple[str, ...]] = Counter()
    taken: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    sent: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    for tried, decision in decided:
        label, gateway, channel = names = names_of(tried.gateway)
        _tell(tried, decision)
        facts = {"label": label, "gateway": gateway, "outcome": decision.outcome}
        span(tried.message.pk, "send", tried.started_at, now, **facts)
        outcomes[*names, decision.outcome] += 1
        if tried.was_called:
            taken[label, gateway].append(_seconds(tried.started_at, now))
        if decision.next == Next.SENT:
            sent[names].append(_seconds(tried.message.created_at, now))
    for labels, count in outcomes.items():
        SEND_ATTEMPTS.labels(*labels).inc(count)
    _observe(PROVIDER_SECONDS, taken)
    _observe(SEND_SECONDS, sent)


def _observe(histogram: Histogram, found: Mapping[tuple[str, ...], Iterable[float]]) -> None:
    """Each series is looked up once."""
    for labels, seconds in found.items():
        series = histogram.labels(*labels)
        for each in seconds:
            series.observe(each)


def _tell(tried: Tried, decision: Decision) -> None:
    """Without the provider's words: they stand in the message's timeline."""
    step(
        tried.message.pk,
        "try %d at gateway %s: %s",
        tried.message.attempts,
        tried.gateway.id,
        decision.outcome,
        went_well=decision.next == Next.SENT,
    )


def count_statuses(events: Sequence[StatusEvent]) -> None:
    """Statuses learnt, once their transaction is through."""
    learnt = [
        (event.message_id, event.message.gateway_id, event.status)
        for event in events
        if not event.message.is_test
    ]
    after_commit(_count_statuses, learnt)


def _count_statuses(learnt: Sequence[tuple[UUID, int, str]]) -> None:
    for message_id, _, status in learnt:
        step(message_id, "learnt that it is %s", status)
    gateways = configuration.current().gateways
    for (gateway_id, status), count in Counter(told[1:] for told in learnt).items():
        if gateway_id in gateways:
            STATUSES.labels(*names_of(gateways[gateway_id]), status).inc(count)


def names_of(gateway: GatewayValues) -> tuple[str, str, str]:
    """The label, the gateway and the channel, as label values."""
    label = configuration.current().labels.get(gateway.label_id)
    return label.slug if label else "", gateway.slug, str(gateway.channel)


def _seconds(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0)
