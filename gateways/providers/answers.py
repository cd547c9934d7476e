"""What an HTTP answer, or none, means where the provider says nothing more precise."""

from collections.abc import Mapping, Sized
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from gateway_project.lib.http import EgressRefused, HttpAnswer, NotSent, NotTrusted, TransportError
from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.redaction import LOOKED_AT
from gateway_project.lib.schedules import retry_after
from gateways.providers.errors import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
)

RETRY_AFTER_CAP = 3600.0

PROBLEMS: Mapping[int, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: GatewayMisconfigured,
    HTTPStatus.FORBIDDEN: GatewayMisconfigured,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: GatewayMisconfigured,
    HTTPStatus.REQUEST_TIMEOUT: GatewayUnavailable,
    HTTPStatus.TOO_EARLY: GatewayUnavailable,
    HTTPStatus.TOO_MANY_REQUESTS: GatewayUnavailable,
    # A proxy gave up waiting for the service behind it, which may have taken the message.
    HTTPStatus.GATEWAY_TIMEOUT: OutcomeUnknown,
}
PROBLEMS_BY_CLASS: Mapping[int, type[ProviderError]] = {
    # A redirect is never followed: it would carry the credentials elsewhere.
    3: GatewayMisconfigured,
    4: MessageRejected,
    5: GatewayUnavailable,
}


def is_success(answer: HttpAnswer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def problem_of(answer: HttpAnswer) -> ProviderError:
    """What an answer that is not a 2xx means by its status alone. Retry-After is obeyed to 1 h."""
    kind = PROBLEMS.get(answer.status) or PROBLEMS_BY_CLASS.get(answer.status // 100)
    if kind is None:
        return unreadable(answer)
    if kind is GatewayUnavailable:
        is_throttle = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        return GatewayUnavailable(
            said(answer), retry_after=asked_wait(answer), is_throttle=is_throttle
        )
    return kind(said(answer))


def of_each(messages: Sized, problem: ProviderError) -> ProviderError:
    """What a problem of the whole call is to each of its messages: a refusal of several does not
    say which of them is meant."""
    if len(messages) > 1 and isinstance(problem, MessageRejected):
        return BatchRefused(problem.detail)
    return problem


def unreadable(answer: HttpAnswer) -> OutcomeUnknown:
    """For a 2xx whose body says neither yes nor no."""
    return OutcomeUnknown(f"unreadable answer, {said(answer)}")


def object_in(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object in an answer; an empty one where there is none."""
    told = read_answer(answer.text)
    return told if isinstance(told, Mapping) else {}


def said(answer: HttpAnswer) -> str:
    """The status and what the body says, unless it is a page for people. Not scrubbed yet."""
    if answer.status // 100 == 3:
        return f"redirect, HTTP {answer.status}"
    words = " ".join(answer.text[:LOOKED_AT].split())
    if not words or words.startswith("<"):
        return f"HTTP {answer.status}"
    return f"HTTP {answer.status}: {words}"


def asked_wait(answer: HttpAnswer) -> float | None:
    """Seconds that the answer's Retry-After asks for, at most an hour. A date in an answer that has
    no Date is held against this machine's clock: an adapter has no other."""
    return retry_after(answer.headers, now=partial(datetime.now, UTC), cap=RETRY_AFTER_CAP)


def transport_error(error: TransportError) -> ProviderError:
    """What having no answer at all means."""
    if isinstance(error, EgressRefused):
        return GatewayMisconfigured(f"egress refused: {error}")
    if isinstance(error, NotTrusted):
        return GatewayMisconfigured(str(error))
    if isinstance(error, NotSent):
        return GatewayUnavailable(str(error))
    return OutcomeUnknown(str(error))
