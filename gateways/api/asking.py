"""Asking the providers of a label's gateways, all at once; what they say is kept for a while."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from django.core.cache import cache

from gateway_project.lib.crypto import Undecryptable, keyed_digest
from gateway_project.lib.http import HttpAnswer, HttpCall, TransportError, http_client
from gateways.adapters import adapter_of
from gateways.providers.base import (
    CHECK_SECONDS,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    Provider,
    ProviderError,
    transport_error,
)
from gateways.values import GatewayValues

ERRORS: Mapping[type[ProviderError], tuple[str, str]] = {
    GatewayMisconfigured: ("misconfigured", "The provider refuses the account."),
    GatewayUnavailable: ("unavailable", "The provider does not answer as it should."),
    MessageRejected: ("rejected", "The provider refuses the question."),
}
OTHER_ERROR = ("unavailable", "The provider gave no answer that can be read.")


def adapters(
    gateways: Sequence[GatewayValues], ability: type[Any]
) -> list[tuple[GatewayValues, Any]]:
    """The gateways whose provider can do this, each with its adapter."""
    found = [(gateway, _adapter(gateway)) for gateway in gateways]
    return [(gateway, adapter) for gateway, adapter in found if isinstance(adapter, ability)]


def ask_all(
    asked: Sequence[tuple[GatewayValues, Any]],
    topic: str,
    call: Callable[[Any], HttpCall],
    read: Callable[[Any, HttpAnswer], Any],
    *,
    kept_seconds: int,
) -> list[dict[str, Any]]:
    """For each gateway `{topic: what was read}` or `{"error": ...}`, without the provider's words.

    What was read is kept for so many seconds, as long as the gateway's configuration is the same.
    """
    begun = [_begun(gateway, adapter, topic, call) for gateway, adapter in asked]
    return [
        _answer(gateway, adapter, topic, told, read, kept_seconds)
        for (gateway, adapter), told in zip(asked, begun, strict=True)
    ]


def _adapter(gateway: GatewayValues) -> Provider | None:
    try:
        return adapter_of(gateway)
    except (Undecryptable, LookupError):
        return None


def _begun(
    gateway: GatewayValues, adapter: Any, topic: str, call: Callable[[Any], HttpCall]
) -> Any:
    """What is kept, or the call on its way."""
    kept = cache.get(_key(gateway, topic))
    if kept is not None:
        return kept
    asked = call(adapter)
    return http_client().submit(replace(asked, timeout=min(asked.timeout, CHECK_SECONDS)))


def _answer(
    gateway: GatewayValues,
    adapter: Any,
    topic: str,
    told: Any,
    read: Callable[[Any, HttpAnswer], Any],
    kept_seconds: int,
) -> dict[str, Any]:
    if not isinstance(told, Future):
        return {topic: told}
    try:
        found = read(adapter, told.result())
    except TransportError as error:
        return {"error": _error(transport_error(error))}
    except ProviderError as problem:
        return {"error": _error(problem)}
    cache.set(_key(gateway, topic), found, kept_seconds)
    return {topic: found}


def _error(problem: ProviderError) -> dict[str, str]:
    code, message = ERRORS.get(type(problem), OTHER_ERROR)
    return {"code": code, "message": message}


def _key(gateway: GatewayValues, topic: str) -> str:
    """Of this very configuration. It holds secrets, so only a keyed digest of it is told."""
    config = gateway.config.reveal() if gateway.config else {}
    digest = keyed_digest(json.dumps(config, sort_keys=True), purpose="provider-answers")
    return f"{topic}:{gateway.id}:{digest}"
