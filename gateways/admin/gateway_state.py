"""A gateway's state and filters in words, for lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateways.breakers import standing_of
from gateways.models import Breaker, Gateway
from gateways.models.gateway import is_readable

ACTIVE, PAUSED, INACTIVE = "active", "paused", "not active"
BROKEN, RESTING = "not answering", "asked for a rest"
SHUT = "unreadable"
COLOURS = {
    ACTIVE: "success",
    PAUSED: "danger",
    INACTIVE: "warning",
    BROKEN: "danger",
    RESTING: "warning",
    SHUT: "danger",
}
"""Of the theme's labels."""
MOST_VALUES = 4
WHY_SHUT = "its configuration cannot be decrypted: type it anew"


def state_of(gateway: Gateway, now: datetime) -> str:
    """A gateway that is not active is that, paused or not."""
    if not gateway.is_active:
        return INACTIVE
    if not is_readable(gateway):
        return SHUT
    if gateway.is_paused:
        return PAUSED
    standing = standing_of(breaker_of(gateway))
    if standing.opened_at is not None:
        return BROKEN
    return RESTING if standing.is_held(now) else ACTIVE


def breaker_of(gateway: Gateway) -> Breaker:
    """Its row, or one at rest where there is none."""
    row: Breaker = getattr(gateway, "breaker", None) or Breaker(gateway=gateway)
    return row


def reason_of(gateway: Gateway, now: datetime) -> str:
    """Why nothing is sent through it, and when that ends by itself."""
    if gateway.is_active and not is_readable(gateway):
        return WHY_SHUT
    if gateway.is_paused or not gateway.is_active:
        return gateway.paused_because
    breaker = breaker_of(gateway)
    standing = standing_of(breaker)
    if standing.opened_at is not None and standing.retry_at is not None:
        tried_at = max(standing.retry_at, standing.not_before or standing.retry_at)
        return f"{breaker.reason}; one message is tried at {tried_at:%H:%M:%S} UTC"
    if standing.not_before is not None and standing.is_held(now):
        return f"its provider takes no calls before {standing.not_before:%H:%M:%S} UTC"
    return ""


def filters_in_words(filters: Mapping[str, Sequence[str]]) -> str:
    """Such as `country is DE or AT, market is eu`."""
    told = [f"{name} is {_either(values)}" for name, values in sorted(filters.items()) if values]
    return ", ".join(told) or "any user"


def _either(values: Sequence[str]) -> str:
    shown = " or ".join(map(str, values[:MOST_VALUES]))
    return f"{shown} or {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else shown
