"""What the errors of Amazon SES mean for a message.

Source: the errors of SendEmail in the reference of the SES API v2, and the errors that all of AWS
has in common.
"""

from collections.abc import Mapping
from typing import Any

from gateways.providers.answers import asked_wait
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpAnswer,
    MessageRejected,
    ProviderError,
    problem_of,
)

THROTTLES = frozenset(
    {
        "LimitExceededException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
PROBLEMS: Mapping[str, type[ProviderError]] = {
    "BadRequestException": MessageRejected,
    "MessageRejected": MessageRejected,
    "AccountSuspendedException": GatewayMisconfigured,
    "MailFromDomainNotVerifiedException": GatewayMisconfigured,
    "NotFoundException": GatewayMisconfigured,
    "SendingPausedException": GatewayMisconfigured,
    "AccessDeniedException": GatewayMisconfigured,
    "ExpiredTokenException": GatewayMisconfigured,
    "IncompleteSignature": GatewayMisconfigured,
    "IncompleteSignatureException": GatewayMisconfigured,
    "InvalidClientTokenId": GatewayMisconfigured,
    "InvalidSignatureException": GatewayMisconfigured,
    "MissingAuthenticationToken": GatewayMisconfigured,
    "MissingAuthenticationTokenException": GatewayMisconfigured,
    "NotAuthorized": GatewayMisconfigured,
    "OptInRequired": GatewayMisconfigured,
    # The clock of this machine is wrong, or the request took minutes.
    "RequestExpired": GatewayUnavailable,
    "SignatureDoesNotMatch": GatewayMisconfigured,
    "UnrecognizedClientException": GatewayMisconfigured,
}
NOT_VERIFIED = "not verified"
"""In the words of a MessageRejected where the identity, or an account in SES's sandbox, is at
fault: every message would meet it."""


def problem_of_ses(told: Mapping[str, Any]) -> ProviderError:
    """What botocore's reading of an error comes to: by the code, else by the HTTP status."""
    error, about = told.get("Error") or {}, told.get("ResponseMetadata") or {}
    code, text = str(error.get("Code") or ""), str(error.get("Message") or "")
    answer = HttpAnswer(
        status=about.get("HTTPStatusCode", 0),
        headers=about.get("HTTPHeaders", {}),
        body=f"{code} {text}".encode(errors="replace"),
    )
    words = f"{code}: {text}"
    if code in THROTTLES:
        return GatewayUnavailable(words, retry_after=asked_wait(answer), is_throttle=True)
    if code == "MessageRejected" and NOT_VERIFIED in text:
        return GatewayMisconfigured(words)
    if code in PROBLEMS:
        return PROBLEMS[code](words)
    if answer.status == 404:
        return GatewayMisconfigured("HTTP 404: are region and API URL right?")
    return problem_of(answer)
