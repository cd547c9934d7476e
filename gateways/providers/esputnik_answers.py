"""What eSputnik answers to a send, as results.

Sources: the API reference on docs.yespo.io and the API questions and answers on esputnik.com. It
answers 200 even where a recipient is refused, and `results` is an array or an object.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateways.providers.base import (
    HttpAnswer,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SendResult,
    unreadable,
)
from gateways.providers.esputnik_requests import locator
from gateways.providers.values import identifier

INVALID_ADDRESS = "is not valid email"


def event_taken(answer: HttpAnswer, told: object) -> SendResult | ProviderError:
    """What the answer to an event tells. It names no message."""
    if not answer.body.strip():
        return SendResult()
    if not isinstance(told, Mapping):
        return unreadable(answer)
    if told.get("status") == "ERROR":
        return MessageRejected(identifier(told.get("message")) or "ERROR without a reason")
    return SendResult()


def result_of(result: object, answer: HttpAnswer) -> SendResult | ProviderError:
    """What a result tells: only its requestId is an id, its locator is the address."""
    if not isinstance(result, Mapping):
        return unreadable(answer)
    if result.get("status") == "ERROR":
        words = identifier(result.get("message")) or "ERROR without a reason"
        return MessageRejected(words, is_permanent=INVALID_ADDRESS in words)
    request_id = identifier(result.get("requestId"))
    return SendResult(provider_id=request_id) if request_id else unreadable(answer)


def in_order(messages: Sequence[OutboundMessage], results: Sequence[object]) -> list[object]:
    """For each message its result: by their order, unless the locators in them say otherwise."""
    locators = [_plain(locator(message)) for message in messages]
    named = [_locator(result) for result in results]
    pairs = zip(locators, named, strict=False)
    if len(locators) == len(named) and all(theirs in ("", ours) for ours, theirs in pairs):
        return list(results)
    by_locator: defaultdict[str, list[object]] = defaultdict(list)
    for name, result in zip(named, results, strict=True):
        by_locator[name].append(result)
    return [by_locator[name].pop(0) if by_locator[name] else None for name in locators]


def _locator(result: object) -> str:
    return _plain(result.get("locator")) if isinstance(result, Mapping) else ""


def _plain(written: object) -> str:
    return (identifier(written) or "").removeprefix("+").casefold()
