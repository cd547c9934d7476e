"""What Webex Connect's answers mean.

Sources: "Send Message v2", "API Status Codes". How several destinations are answered is not
documented. A list is read by each entry's `correlationId`, or by place where none has one. A single
object stands for all of them: its `messageId` then names no message, so none is kept, and its
refusal may be about one alone, so each goes again by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway_project.lib.lenient_json import read_answer
from gateways.providers.answers import asked_wait, unreadable
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpAnswer,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SendResult,
)
from gateways.providers.values import identifier

PROBLEMS: Mapping[str, type[ProviderError]] = {
    "7001": GatewayMisconfigured,
    "7002": GatewayMisconfigured,
    "7006": GatewayUnavailable,
    "7007": GatewayMisconfigured,
    "7127": GatewayMisconfigured,
}
"""`code` of an answer."""
TRANSACTION_LIMIT = "7020"
"""The tenant's, which comes as an HTTP 400: all is well, and fewer calls are wanted."""
REFUSALS = frozenset({"7000", "7003", "7004", "7005", "7009", "7022"})
"""Codes of a request, or of an entry in a list, that will never be taken as it is."""

RATE_PAUSE_SECONDS = 1.0
QUOTA_PAUSE_SECONDS = 300.0


def problem_named(told: Mapping[str, Any], answer: HttpAnswer) -> ProviderError | None:
    """The problem that a `code` names; None where it says nothing more than the HTTP status."""
    code, words = identifier(told.get("code")) or "", words_of(told)
    if code == TRANSACTION_LIMIT:
        pause = QUOTA_PAUSE_SECONDS if "quota" in words.lower() else RATE_PAUSE_SECONDS
        return GatewayUnavailable(words, retry_after=asked_wait(answer) or pause, is_throttle=True)
    kind = PROBLEMS.get(code)
    if kind is GatewayUnavailable:
        return GatewayUnavailable(words, retry_after=asked_wait(answer))
    return kind(words) if kind else None


def words_of(told: Mapping[str, Any]) -> str:
    return f"{identifier(told.get('code'))} {told.get('message') or ''}".strip()


def results_in(
    messages: Sequence[OutboundMessage], answer: HttpAnswer
) -> list[SendResult | ProviderError]:
    """One result for each message, out of a 2xx."""
    told = read_answer(answer.text)
    if isinstance(told, list) and told:
        return [_result(each, answer) for each in _in_order(messages, told)]
    result = _result(told, answer)
    if len(messages) > 1:
        result = _together(result, answer)
    return [result for _ in messages]


def _together(result: SendResult | ProviderError, answer: HttpAnswer) -> SendResult | ProviderError:
    """What one object says of several messages. How such a refusal is meant is not documented: of
    one of them, of all, or with the others taken, so nobody sends them again by himself."""
    if isinstance(result, SendResult):
        return SendResult(detail="taken together with others")
    return unreadable(answer) if isinstance(result, MessageRejected) else result


def _result(told: object, answer: HttpAnswer) -> SendResult | ProviderError:
    entry = told if isinstance(told, Mapping) else {}
    message_id = identifier(entry.get("messageId"))
    if message_id is not None:
        return SendResult(provider_id=message_id)
    if identifier(entry.get("code")) in REFUSALS:
        return MessageRejected(words_of(entry))
    return problem_named(entry, answer) or unreadable(answer)


def _in_order(messages: Sequence[OutboundMessage], entries: list[Any]) -> list[Any]:
    """The entry of each message, None for those that have none."""
    named = {_correlation(each): each for each in entries}
    if set(named) == {None}:
        return entries if len(entries) == len(messages) else [None for _ in messages]
    return [named.get(message.id) for message in messages]


def _correlation(entry: object) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    return identifier(entry.get("correlationId") or entry.get("correlationid"))
