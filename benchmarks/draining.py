"""Timing a drain: from the first message at the provider until what came of the last is written."""

import time
from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.loading import Invalid
from benchmarks.outside import Outside
from benchmarks.reference.house import UsualHouse

LOOK_SECONDS = 0.02
QUIET_SECONDS = 3.0
PATIENCE_SECONDS = 60.0
"""How long nothing may move."""


def wait_until_begun(outside: Outside) -> None:
    _wait(lambda: outside.sent()["count"], 1)


def wait_until_sent(bench: Bench, house: House | UsualHouse, count: int) -> float:
    """The moment at which all of them were sent and settled, each once. Raises Invalid."""
    _wait(lambda: bench.outside.sent()["count"], count)
    _wait(lambda: count - house.waiting(), count)
    settled_at = time.monotonic()
    sent = bench.outside.sent()
    if not sent["count"] == sent["different"] == count:
        raise Invalid(f"{count} messages, {sent['count']} sends of {sent['different']}")
    return settled_at


def wait_until_told(bench: Bench, count: int) -> float:
    """The moment of the last callback, when each message has had its own. Raises Invalid."""
    _wait(lambda: bench.outside.told()["different"], count)
    told = bench.outside.told()
    if told["count"] != count:
        raise Invalid(f"{count} messages, {told['count']} callbacks")
    return float(told["last_at"])


def wait_until_quiet(bench: Bench) -> float:
    """The moment of the last callback, once there has been none for a while."""
    last_at = time.monotonic()
    while time.monotonic() - last_at < QUIET_SECONDS:
        last_at = max(last_at, bench.outside.told()["last_at"])
        time.sleep(LOOK_SECONDS)
    return float(bench.outside.told()["last_at"])


def _wait(number: Callable[[], int], wanted: int) -> None:
    """Raises Invalid where it stands still on the way."""
    reached, moved_at = -1, time.monotonic()
    while (found := number()) < wanted:
        now = time.monotonic()
        if found > reached:
            reached, moved_at = found, now
        elif now - moved_at > PATIENCE_SECONDS:
            raise Invalid(f"stands still at {found} of {wanted}")
        time.sleep(LOOK_SECONDS)
