"""What django-anymail's statuses and exceptions mean for a message."""

from collections.abc import Mapping
from http import HTTPStatus

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from requests import Response

from gateways.providers.anymail.ses_outcomes import problem_of_ses
from gateways.providers.base import (
    GatewayMisconfigured,
    HttpAnswer,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    SendResult,
    is_success,
    problem_of,
    unreadable,
)

Refusals = Mapping[str, type[ProviderError]]
"""Words of a service, quoted in the body of its answer, that say more than the status does."""


def result_of(status: str | None, provider_id: object) -> SendResult | ProviderError:
    """What anymail's status of the one recipient comes to."""
    if status in ("sent", "queued") or (status == "unknown" and provider_id):
        return SendResult(provider_id=str(provider_id) if provider_id else None)
    if status == "invalid":
        return MessageRejected("the service takes the address for invalid", is_permanent=True)
    if status in ("rejected", "failed"):
        return MessageRejected(f"the service says {status}")
    return OutcomeUnknown("the service does not say what became of the message")


def problem_in(error: AnymailError, refusals: Refusals) -> ProviderError:
    """What an exception of anymail comes to."""
    if isinstance(error, AnymailInvalidAddress):
        return MessageRejected("an address cannot be written for this service")
    if isinstance(error, AnymailUnsupportedFeature):
        return MessageRejected("the message holds what this service cannot carry")
    if isinstance(error, AnymailRecipientsRefused):
        return OutcomeUnknown("the service does not say what became of the message")
    if not isinstance(error, AnymailAPIError):
        return MessageRejected("the message cannot be written for this service")
    if isinstance(error.response, Response):
        return refusal_of(answer_of(error.response), refusals)
    if isinstance(error.response, Mapping):
        return problem_of_ses(error.response)
    return OutcomeUnknown("no whole answer came back")


def refusal_of(answer: HttpAnswer, refusals: Refusals) -> ProviderError:
    """What an answer that is no yes comes to: by the service's words, else by the status."""
    for word, kind in refusals.items():
        if f'"{word}"' in answer.text:
            return kind(f"HTTP {answer.status}: {word}")
    if is_success(answer):
        return unreadable(answer)
    if answer.status == HTTPStatus.NOT_FOUND:
        return GatewayMisconfigured("HTTP 404: is the API URL right?")
    return problem_of(answer)


def answer_of(response: Response) -> HttpAnswer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(status=response.status_code, headers=headers, body=response.content)
