"""A gateway's state and filters in words, for lists."""

from collections.abc import Mapping, Sequence

from gateways.models import Gateway

ACTIVE, PAUSED, INACTIVE = "active", "paused", "not active"
COLOURS = {ACTIVE: "success", PAUSED: "danger", INACTIVE: "warning"}
"""Of the theme's labels."""
MOST_VALUES = 4


def state_of(gateway: Gateway) -> str:
    """A gateway that is not active is that, paused or not."""
    if not gateway.is_active:
        return INACTIVE
    return PAUSED if gateway.is_paused else ACTIVE


def filters_in_words(filters: Mapping[str, Sequence[str]]) -> str:
    """Such as `country is DE or AT, market is eu`."""
    told = [f"{name} is {_either(values)}" for name, values in sorted(filters.items()) if values]
    return ", ".join(told) or "any user"


def _either(values: Sequence[str]) -> str:
    shown = " or ".join(map(str, values[:MOST_VALUES]))
    return f"{shown} or {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else shown
