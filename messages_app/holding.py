"""Gateways on hold: whose provider has asked, by Retry-After, to be left in peace for a while.

Each process obeys what it was told itself. What leaves through another gateway is not held.
"""

import time

LONGEST_HOLD_SECONDS = 60.0
"""A provider that asks for more is asked again by then, with as many messages as go out at once."""

_held_until: dict[int, float] = {}


def hold(gateway_id: int, seconds: float) -> None:
    _held_until[gateway_id] = time.monotonic() + min(seconds, LONGEST_HOLD_SECONDS)


def is_on_hold(gateway_id: int) -> bool:
    return _held_until.get(gateway_id, 0.0) > time.monotonic()


def forget() -> None:
    """Lets all of them go."""
    _held_until.clear()
