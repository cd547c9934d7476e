"""What Infobip answers to a send: one status per message, which may be a refusal inside a 200."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway_project.lib.http import HttpAnswer
from gateways.providers.answers import object_in, unreadable
from gateways.providers.errors import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
)
from gateways.providers.values import SendResult, identifier, spoken

TAKEN = frozenset({"OK", "ACCEPTED", "PENDING", "DELIVERED"})
REFUSED = frozenset({"REJECTED", "UNDELIVERABLE", "EXPIRED"})
"""`status.groupName` in an answer."""

PROBLEMS: Mapping[str, type[ProviderError]] = {
    "REJECTED_NOT_ENOUGH_CREDITS": GatewayMisconfigured,
    "REJECTED_PREPAID_PACKAGE_EXPIRED": GatewayMisconfigured,
    "REJECTED_SYSTEM_ERROR": GatewayUnavailable,
    "REJECTED_DUPLICATE_MESSAGE_ID": OutcomeUnknown,
}
"""`status.name` of a refusal that is about something else than the message."""

NO_SUCH_NUMBER = frozenset({"REJECTED_PREFIX_MISSING"})
"""Refusals that find fault with the number itself. REJECTED_DESTINATION is none of them: it has
been the name of a blocklist too."""


def results_in(answer: HttpAnswer, ids: Sequence[str]) -> list[SendResult | ProviderError]:
    """One result per message of these ids, in their order; unknown for what is not told."""
    told = _listed(answer)
    if len(ids) == 1 and len(told) == 1:
        return [_result(told[0], answer)]
    by_id = {identifier(each.get("messageId")): each for each in told}
    return [_result(by_id.get(own_id, {}), answer) for own_id in ids]


def described(answer: HttpAnswer) -> str:
    """The words of an error, in the newer or in WhatsApp's shape; "" where there are none."""
    told = object_in(answer)
    if code := identifier(told.get("errorCode")):
        return f"{code} {told.get('description') or ''}{_violations(told)}".strip()
    error = told.get("requestError")
    exception = error.get("serviceException") if isinstance(error, Mapping) else None
    if not isinstance(exception, Mapping):
        return ""
    code = identifier(exception.get("messageId")) or ""
    named = exception.get("validationErrors")
    where = f" ({', '.join(map(str, named))})" if isinstance(named, Mapping) and named else ""
    return f"{code} {exception.get('text') or ''}{where}".strip()


def _result(told: Mapping[str, Any], answer: HttpAnswer) -> SendResult | ProviderError:
    status = told.get("status")
    status = status if isinstance(status, Mapping) else {}
    group, name = spoken(status.get("groupName")).upper(), spoken(status.get("name")).upper()
    provider_id = identifier(told.get("messageId"))
    if group in REFUSED:
        return _refusal(name, f"{name} {status.get('description') or ''}".strip() or group)
    if group in TAKEN and provider_id:
        return SendResult(provider_id=provider_id)
    return unreadable(answer)


def _refusal(name: str, words: str) -> ProviderError:
    if kind := PROBLEMS.get(name):
        return kind(words)
    return MessageRejected(words, is_permanent=name in NO_SUCH_NUMBER)


def _listed(answer: HttpAnswer) -> list[Mapping[str, Any]]:
    """The messages of an answer; a free text to WhatsApp is answered with the one alone."""
    told = object_in(answer)
    listed = told.get("messages", [told])
    members = listed if isinstance(listed, list) else []
    return [each for each in members if isinstance(each, Mapping)]


def _violations(told: Mapping[str, Any]) -> str:
    listed = told.get("violations")
    words = [
        f"{each.get('property') or ''}: {each.get('violation') or ''}"
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, Mapping)
    ]
    return f" ({'; '.join(words)})" if words else ""
