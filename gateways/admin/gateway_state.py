"""A gateway's state and filters in words, for lists."""

from collections.abc import Mapping, Sequence

from gateways.models import Breaker, Gateway

ACTIVE, PAUSED, INACTIVE, BROKEN = "active", "paused", "not active", "not answering"
COLOURS = {ACTIVE: "success", PAUSED: "danger", INACTIVE: "warning", BROKEN: "danger"}
"""Of the theme's labels."""
MOST_VALUES = 4


def state_of(gateway: Gateway) -> str:
    """A gateway that is not active is that, paused or not."""
    if not gateway.is_active:
        return INACTIVE
    if gateway.is_paused:
        return PAUSED
    return BROKEN if breaker_of(gateway).opened_at is not None else ACTIVE


def breaker_of(gateway: Gateway) -> Breaker:
    """Its row, or one at rest where there is none."""
    row: Breaker = getattr(gateway, "breaker", None) or Breaker(gateway=gateway)
    return row


def reason_of(gateway: Gateway) -> str:
    """Why nothing is sent through it, and when that ends by itself."""
    if gateway.is_paused or not gateway.is_active:
        return gateway.paused_because
    breaker = breaker_of(gateway)
    if breaker.opened_at is None or breaker.retry_at is None:
        return ""
    return f"{breaker.reason}; one message is tried at {breaker.retry_at:%H:%M:%S} UTC"


def filters_in_words(filters: Mapping[str, Sequence[str]]) -> str:
    """Such as `country is DE or AT, market is eu`."""
    told = [f"{name} is {_either(values)}" for name, values in sorted(filters.items()) if values]
    return ", ".join(told) or "any user"


def _either(values: Sequence[str]) -> str:
    shown = " or ".join(map(str, values[:MOST_VALUES]))
    return f"{shown} or {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else shown
