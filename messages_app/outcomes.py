"""What becomes of a message after a try. Pure: values in, a decision out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway_project.lib.schedules import delay
from gateway_project.lib.vocabulary import Status
from gateways.models.gateway import OnUnknown
from gateways.providers.base import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    SendResult,
)

SEND_SCHEDULE: Sequence[float] = (
    *(2, 10, 30, 60, 120, 300, 600, 900, 1800, 1800),
    *(3600, 3600, 7200, 7200, 14400),
)
"""Seconds between tries. A message mostly expires before it runs out of them."""

PAUSED_SECONDS = 1.0
"""What a gateway that is paused for its account had claimed comes back only when every worker has
seen the pause. Then it waits for the release."""


TAKEN = "accepted"
"""The outcome of a try whose message the provider took."""
UNKNOWN = "unknown"
"""The outcome of a try whose request was written and got no answer."""
NOT_TAKEN = "not_taken"
"""What it is when the provider has been asked, and never took the message."""


class Next(StrEnum):
    """What happens to the message now."""

    SENT = "sent"
    END = "end"
    WAIT = "wait"
    MOVE = "move"
    PARK = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`outcome` is the word on the send attempt, `status` what is learnt. `wait` is seconds; so is
    `rest`, which the provider has asked for: who goes to another need not wait for that."""

    next: Next
    outcome: str
    detail: str = field(default="", repr=False)
    wait: float = 0.0
    rest: float = 0.0
    status: Status | None = None


class NotSendable(Exception):
    """The house itself refuses or cannot: no provider was asked."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


Result = SendResult | ProviderError | NotSendable
"""What a try ends with."""


def is_failure(result: Result) -> bool:
    """Whether it says that the provider does not answer, or not as it should. One that asks for
    fewer calls does answer."""
    if isinstance(result, GatewayUnavailable):
        return not result.is_throttle
    return isinstance(result, OutcomeUnknown)


def is_answer(result: Result) -> bool:
    """Whether it shows the provider at work, were it to refuse the message."""
    return isinstance(result, SendResult | MessageRejected | BatchRefused)


def decide(
    result: Result,
    *,
    attempts: int,
    idempotent: bool,
    on_unknown: str,
    has_next_gateway: bool,
) -> Decision:
    """The decision after the `attempts`-th try ended with `result`."""
    match result:
        case SendResult():
            return Decision(
                next=Next.SENT, outcome=TAKEN, detail=result.detail, status=Status.ACCEPTED
            )
        case NotSendable():
            return Decision(
                next=Next.END, outcome="not_sendable", detail=result.reason, status=result.status
            )
        case MessageRejected():
            return Decision(
                next=Next.END, outcome="rejected", detail=result.detail, status=Status.REJECTED
            )
        case GatewayUnavailable():
            return _elsewhere_or_later(result, "unavailable", attempts, has_next_gateway)
        case GatewayMisconfigured():
            return _elsewhere_or_later(result, "misconfigured", attempts, has_next_gateway)
        case BatchRefused():
            return _later(result, "refused_together", delay(SEND_SCHEDULE, attempts) and 0.0)
        case OutcomeUnknown():
            return _unknown(result, attempts, idempotent, on_unknown)
    raise TypeError(f"no decision for {type(result).__name__}")


def last_word(decision: Decision) -> Decision:
    """What is decided about a message that is tried once: where others would go on, it failed."""
    if decision.next in (Next.SENT, Next.END):
        return decision
    return replace(decision, next=Next.END, wait=0.0, rest=0.0, status=Status.FAILED)


def _elsewhere_or_later(
    problem: ProviderError, outcome: str, attempts: int, has_next_gateway: bool
) -> Decision:
    if has_next_gateway:
        return Decision(next=Next.MOVE, outcome=outcome, detail=problem.detail)
    is_paused = outcome == "misconfigured"
    wait = PAUSED_SECONDS if is_paused else delay(SEND_SCHEDULE, attempts)
    return _later(problem, outcome, wait)


def _unknown(problem: ProviderError, attempts: int, idempotent: bool, on_unknown: str) -> Decision:
    """A repeat only where the provider drops it, or where the operator has said so."""
    if idempotent or on_unknown == OnUnknown.REPEAT:
        return _later(problem, UNKNOWN, delay(SEND_SCHEDULE, attempts))
    if on_unknown == OnUnknown.FAIL:
        return Decision(next=Next.END, outcome=UNKNOWN, detail=problem.detail, status=Status.FAILED)
    return Decision(next=Next.PARK, outcome=UNKNOWN, detail=problem.detail)


def _later(problem: ProviderError, outcome: str, wait: float | None) -> Decision:
    if wait is None:
        return Decision(
            next=Next.END,
            outcome=outcome,
            detail=f"out of tries: {problem.detail}",
            status=Status.FAILED,
        )
    return Decision(
        next=Next.WAIT,
        outcome=outcome,
        detail=problem.detail,
        wait=wait,
        rest=problem.retry_after or 0.0,
    )
