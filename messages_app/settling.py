"""Settling tries: what a batch of them came to, written in one transaction."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from gateway_project.lib import bulk, prepared
from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways import breakers
from gateways.circuits import Calls
from gateways.models.gateway import OnUnknown
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    ProviderError,
    SendResult,
)
from messages_app.entries import keep_in_inbox, look_again_at_early
from messages_app.events import ENDED_AS, READ, Fact, record
from messages_app.metering import count_tries
from messages_app.models import Message, SendAttempt, State
from messages_app.outcomes import (
    UNKNOWN,
    Decision,
    Next,
    NotSendable,
    decide,
    is_answer,
    is_failure,
    last_word,
)
from messages_app.pausing import pause
from messages_app.reported import provider_id_digest
from messages_app.routes import gateways_for, is_usable
from messages_app.tries import Named, Tried, in_doubt_at, write_attempts

logger = logging.getLogger(__name__)

TIED_TO_A_GATEWAY = (GatewayUnavailable, GatewayMisconfigured)

EARLY = """
SELECT 1 FROM messages_app_inboxentry
WHERE gateway_id = ANY (%s::bigint[]) AND provider_id_digest = ANY (%s::text[])
    AND applied_at IS NULL AND waits_for = 'its_message'
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a message stands after a try."""

    state: State
    gateway_id: int
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A try, what follows from it, and the gateways that fit its message, best first, with whether
    each may be used now."""

    tried: Tried
    decision: Decision
    fitting: Mapping[int, bool] = field(default_factory=dict)

    @property
    def here(self) -> int:
        return self.tried.gateway.id

    @property
    def first(self) -> int:
        return next((each for each, is_usable in self.fitting.items() if is_usable), self.here)

    @property
    def onward(self) -> int | None:
        return _onward(self.here, self.fitting)


def settle(tries: Sequence[Tried]) -> None:
    """Writes attempts, standings, statuses and the providers' own later reports."""
    with writing():
        now = database_now()
        met = bulk.locked(Message, READ, [tried.message.pk for tried in tries])
        rows = {message.pk: message for message in met}
        _note_health(tries, now)
        stuck = _bound_to_their_gateway(tries)
        settled = [
            _settled(tried, may_move=tried.message.pk not in stuck)
            for tried in tries
            if tried.message.pk in rows
        ]
        decided = [(one.tried, one.decision) for one in settled]
        named = write_attempts(decided, now)
        count_tries(decided, now)
        facts = [fact for tried, decision in decided for fact in _facts(tried, decision, now)]
        record(facts, now=now, changed=_moved(settled, rows, now))
        _keep_reports([tried for tried, _ in decided], now)
        _look_at_early(named, now)
        _pause_misconfigured(decided)


def _note_health(tries: Sequence[Tried], now: datetime) -> None:
    """Tells the breakers what the providers' answers say of the providers themselves."""
    by_gateway: defaultdict[int, list[Tried]] = defaultdict(list)
    for tried in tries:
        if tried.was_called:
            by_gateway[tried.gateway.id].append(tried)
    breakers.note([_calls(each, called) for each, called in by_gateway.items()], now)


def _calls(gateway_id: int, called: Sequence[Tried]) -> Calls:
    failed = [tried for tried in called if _is_down(tried)]
    return Calls(
        gateway_id=gateway_id,
        failures=len(failed),
        successes=len([tried for tried in called if is_answer(tried.result)]),
        rest=max(map(_rest, called)),
        reason=failed[-1].scrubbed(_detail(failed[-1])) if failed else "",
    )


def _rest(tried: Tried) -> float:
    """Seconds that the provider asks to be left in peace for: by all, not by this message alone."""
    asked = tried.result.retry_after if isinstance(tried.result, GatewayUnavailable) else None
    return 0.0 if tried.message.is_test else asked or 0.0


def _is_down(tried: Tried) -> bool:
    """Whether the try says that the provider does not answer. Of a test nobody concludes that."""
    return not tried.message.is_test and is_failure(tried.result)


def _detail(tried: Tried) -> str:
    return tried.result.detail if isinstance(tried.result, ProviderError) else ""


def _bound_to_their_gateway(tries: Sequence[Tried]) -> set[UUID]:
    """The messages that no other gateway may have, since this one may have sent them already."""
    by_gateway: defaultdict[int, list[UUID]] = defaultdict(list)
    for tried in tries:
        was_repeated = tried.message.attempts > 1 and tried.gateway.on_unknown != OnUnknown.REPEAT
        if was_repeated and isinstance(tried.result, TIED_TO_A_GATEWAY):
            by_gateway[tried.gateway.id].append(tried.message.pk)
    bound: set[UUID] = set()
    for gateway_id, ids in by_gateway.items():
        doubtful = Message.objects.filter(in_doubt_at(gateway_id), pk__in=ids)
        bound.update(doubtful.values_list("pk", flat=True))
    return bound


def _settled(tried: Tried, *, may_move: bool) -> Settled:
    """What follows from the try. The provider's words in it are scrubbed here, once for all."""
    is_tied = isinstance(tried.result, TIED_TO_A_GATEWAY)
    fitting = _fitting(tried) if is_tied and may_move else {}
    decision = decide(
        tried.result,
        attempts=tried.message.attempts,
        idempotent=tried.provider.idempotent,
        on_unknown=tried.gateway.on_unknown,
        has_next_gateway=_onward(tried.gateway.id, fitting) is not None,
    )
    if tried.message.is_test:
        decision = last_word(decision)
    if decision.detail:
        decision = replace(decision, detail=tried.scrubbed(decision.detail))
    return Settled(tried=tried, decision=decision, fitting=fitting)


def _onward(here: int, fitting: Mapping[int, bool]) -> int | None:
    """The next after the tried one, in the order of preference: never one before it, or two that
    fail in turn would hand a message to and fro."""
    ids = list(fitting)
    behind = ids[ids.index(here) + 1 :] if here in ids else ids
    return next((each for each in behind if fitting[each]), None)


def _fitting(tried: Tried) -> dict[int, bool]:
    """The gateways that fit this message, best first, and whether it may take them now."""
    return {gateway.id: is_usable(gateway) for gateway in gateways_for(tried.message)}


def _moved(
    settled: Sequence[Settled], rows: Mapping[UUID, Message], now: datetime
) -> dict[UUID, Message]:
    """The rows that move on. Only where the lease is still ours: who lost it has learnt something,
    but moves nothing."""
    moved = {}
    for one in settled:
        row = rows[one.tried.message.pk]
        if row.lease == one.tried.lease and row.state == State.SENDING:
            standing = _standing(one, row, now)
            row.state, row.due_at = standing.state, standing.due_at
            row.gateway_id = standing.gateway_id
            row.lease = row.lease_until = None
            row.ended_at = now if standing.state in ENDED_AS.values() else None
            moved[row.pk] = row
    return moved


def _standing(one: Settled, row: Message, now: datetime) -> Standing:
    decision, here = one.decision, one.here
    if decision.next == Next.SENT or row.is_known_to_be_taken:
        # A status learnt meanwhile proves that the provider has it, whatever its answer was.
        return Standing(state=State.SENT, gateway_id=here)
    if decision.next == Next.END and decision.status is not None:
        return Standing(state=ENDED_AS[decision.status], gateway_id=here)
    if decision.next == Next.PARK:
        return Standing(state=State.UNKNOWN, gateway_id=here)
    if decision.next == Next.MOVE:
        return Standing(state=State.QUEUED, gateway_id=one.onward or here, due_at=now)
    goes_to = here if decision.outcome == UNKNOWN else one.first
    wait = max(decision.wait, decision.rest) if goes_to == here else decision.wait
    due_at = now + timedelta(seconds=wait)
    return Standing(state=State.QUEUED, gateway_id=goes_to, due_at=due_at)


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
            told_by=tried.gateway.id,
            is_our_own=isinstance(tried.result, NotSendable),
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


def _look_at_early(named: Sequence[Named], now: datetime) -> None:
    """What was reported on these before their ids were written is due now."""
    if named and _is_any_early(named):
        look_again_at_early([SendAttempt(**each._asdict()) for each in named], now)


def _is_any_early(named: Sequence[Named]) -> bool:
    """A cheap no for nearly all of them."""
    if connection.vendor != "postgresql":
        return True
    gateway_ids = {each.gateway_id for each in named}
    digests = [provider_id_digest(each.provider_id) for each in named]
    return bool(prepared.rows(EARLY, [bulk.array(gateway_ids), bulk.array(digests)]))


def _pause_misconfigured(decided: Sequence[tuple[Tried, Decision]]) -> None:
    """Holds a gateway whose account is at fault until a person has looked. Who tests it looks."""
    details = {
        tried.gateway.id: decision.detail
        for tried, decision in decided
        if isinstance(tried.result, GatewayMisconfigured) and not tried.message.is_test
    }
    if details:
        pause(details)
