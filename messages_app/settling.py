"""Settling tries: what a batch of them came to, written in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways.models import Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    ProviderError,
    SendResult,
)
from gateways.values import GatewayValues
from messages_app.events import ENDED_AS, Fact, locked_messages, record
from messages_app.holding import hold
from messages_app.models import Message, State
from messages_app.outcomes import Decision, Next, decide, last_word
from messages_app.reports import keep_in_inbox, look_again_at_early
from messages_app.routes import gateways_for
from messages_app.tries import Tried, write_attempts

logger = logging.getLogger(__name__)

TIED_TO_A_GATEWAY = (GatewayUnavailable, GatewayMisconfigured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a message stands after a try."""

    state: State
    gateway_id: int
    due_at: datetime | None = None


def settle(tries: Sequence[Tried]) -> None:
    """Writes attempts, standings, statuses and the providers' own later reports."""
    with writing():
        now = database_now()
        rows = locked_messages(tried.message.pk for tried in tries)
        decided = [(tried, _decision(tried)) for tried in tries if tried.message.pk in rows]
        attempts = write_attempts(decided, now)
        facts = [fact for tried, decision in decided for fact in _facts(tried, decision, now)]
        record(facts, now=now, changed=_moved(decided, rows, now))
        _keep_reports([tried for tried, _ in decided], now)
        look_again_at_early(attempts, now)
        _pause_misconfigured(decided)
    _leave_in_peace(decided)


def _decision(tried: Tried) -> Decision:
    """What follows from the try. The provider's words in it are scrubbed here, once for all."""
    decision = decide(
        tried.result,
        attempts=tried.message.attempts,
        idempotent=tried.provider.idempotent,
        on_unknown=tried.gateway.on_unknown,
        has_next_gateway=isinstance(tried.result, TIED_TO_A_GATEWAY)
        and _next_gateway(tried) is not None,
    )
    if tried.message.is_test:
        decision = last_word(decision)
    return replace(decision, detail=tried.scrubbed(decision.detail))


def _fitting(tried: Tried) -> list[GatewayValues]:
    """The gateways this message may take now, best first."""
    return [gateway for gateway in gateways_for(tried.message) if not gateway.is_paused]


def _next_gateway(tried: Tried) -> int | None:
    """The one after the tried one, in the order of preference."""
    ids = [gateway.id for gateway in _fitting(tried)]
    after = ids[ids.index(tried.gateway.id) + 1 :] if tried.gateway.id in ids else ids
    return after[0] if after else None


def _moved(
    decided: Sequence[tuple[Tried, Decision]], rows: Mapping[UUID, Message], now: datetime
) -> dict[UUID, Message]:
    """The rows that move on. Only where the lease is still ours: who lost it has learnt something,
    but moves nothing."""
    moved = {}
    for tried, decision in decided:
        row = rows[tried.message.pk]
        if row.lease == tried.lease and row.state == State.SENDING:
            standing = _standing(tried, decision, row, now)
            row.state, row.due_at = standing.state, standing.due_at
            row.gateway_id = standing.gateway_id
            row.lease = row.lease_until = None
            row.ended_at = now if standing.state in ENDED_AS.values() else None
            moved[row.pk] = row
    return moved


def _standing(tried: Tried, decision: Decision, row: Message, now: datetime) -> Standing:
    here = tried.gateway.id
    if decision.next == Next.SENT or row.is_known_to_be_taken:
        # A status learnt meanwhile proves that the provider has it, whatever its answer was.
        return Standing(state=State.SENT, gateway_id=here)
    if decision.next == Next.END and decision.status is not None:
        return Standing(state=ENDED_AS[decision.status], gateway_id=here)
    if decision.next == Next.PARK:
        return Standing(state=State.UNKNOWN, gateway_id=here)
    if decision.next == Next.MOVE:
        return Standing(state=State.QUEUED, gateway_id=_next_gateway(tried) or here, due_at=now)
    first = next((gateway.id for gateway in _fitting(tried)), here)
    is_unknown = decision.outcome == "unknown"
    due_at = now + timedelta(seconds=decision.wait)
    return Standing(state=State.QUEUED, gateway_id=here if is_unknown else first, due_at=due_at)


def _facts(tried: Tried, decision: Decision, now: datetime) -> list[Fact]:
    """What the try itself teaches, and what the provider reported in its answer."""
    learnt = [(decision.status, decision.detail)] if decision.status else []
    if isinstance(tried.result, SendResult):
        reported = [update for update in tried.result.updates if not update.after]
        learnt += [
            (update.status, tried.scrubbed(update.detail)) for update in reported if update.status
        ]
    is_permanent = False
    if isinstance(tried.result, MessageRejected):
        learnt += [(status, decision.detail) for status in tried.result.learnt]
        is_permanent = tried.result.is_permanent
    return [
        Fact(
            message_id=tried.message.pk,
            status=Status(status),
            occurred_at=now,
            detail=detail,
            is_permanent=is_permanent,
        )
        for status, detail in learnt
    ]


def _keep_reports(tries: Sequence[Tried], now: datetime) -> None:
    """A provider that plays its reports itself (the sandbox) leaves them in the inbox."""
    for gateway in {tried.gateway.id: tried.gateway for tried in tries}.values():
        results = [tried.result for tried in tries if tried.gateway.id == gateway.id]
        sent = [result for result in results if isinstance(result, SendResult)]
        later = [update for result in sent for update in result.updates if update.after]
        keep_in_inbox(gateway, later, now)


def _pause_misconfigured(decided: Sequence[tuple[Tried, Decision]]) -> None:
    """Holds a gateway whose account is at fault until a person has looked. Who tests it looks."""
    for tried, decision in decided:
        if tried.message.is_test or not isinstance(tried.result, GatewayMisconfigured):
            continue
        reason = decision.detail[:PAUSE_REASON_LENGTH]
        running = Gateway.objects.filter(pk=tried.gateway.id, is_paused=False)
        if running.exists() and running.update(is_paused=True, paused_because=reason):
            logger.error("gateway %s is paused: %s", tried.gateway.id, reason)


def _leave_in_peace(decided: Sequence[tuple[Tried, Decision]]) -> None:
    """Obeys a Retry-After for all that waits: it was the provider that asked, not the message."""
    for tried, decision in decided:
        asked_for = tried.result.retry_after if isinstance(tried.result, ProviderError) else None
        if asked_for and decision.next == Next.WAIT:
            hold(tried.gateway.id, asked_for)
