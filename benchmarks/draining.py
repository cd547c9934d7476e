"""Timing a drain: from the first message at the provider until what came of the last is written."""

import time
from collections.abc import Callable, Mapping

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.loading import Invalid
from benchmarks.outside import Outside
from benchmarks.reference.house import UsualHouse

LOOK_SECONDS = 0.02
CONFIRM_SECONDS = 1.0
QUIET_SECONDS = 2.0
PATIENCE_SECONDS = 30.0
"""How long nothing may move."""


def forget_all(bench: Bench, house: House | UsualHouse) -> None:
    """No message has been accepted, sent or told of."""
    house.forget_messages()
    bench.outside.forget()


def wait_until_begun(outside: Outside) -> None:
    _wait(lambda: outside.sent()["count"], 1)


def wait_until_sent(bench: Bench, house: House | UsualHouse) -> tuple[int, float]:
    """How many messages there are, and when all of them were sent and settled, each once.

    Raises Invalid.
    """

    def reach(count: int) -> float:
        _wait(lambda: bench.outside.sent()["count"], count)
        _wait(lambda: count - house.waiting(), count)
        return time.monotonic()

    count, settled_at = _reached(house, reach)
    _check_once(count, bench.outside.sent())
    return count, settled_at


def wait_until_told(bench: Bench, house: House) -> tuple[int, float]:
    """How many messages there are, and when the last of their callbacks came, one for each.

    Raises Invalid.
    """

    def reach(count: int) -> float:
        _wait(lambda: bench.outside.told()["different"], count)
        return float(bench.outside.told()["last_at"])

    count, told_at = _reached(house, reach)
    _check_once(count, bench.outside.told())
    return count, told_at


def _reached(house: House | UsualHouse, reach: Callable[[int], float]) -> tuple[int, float]:
    """The number of messages and the moment at which that many had come where they were to: of
    those under way when the load ended, some are written later."""
    while True:
        count = house.messages()
        moment = reach(count)
        time.sleep(CONFIRM_SECONDS)
        if house.messages() == count:
            return count, moment


def _check_once(count: int, taken: Mapping[str, int]) -> None:
    if not taken["count"] == taken["different"] == count:
        raise Invalid(f"{count} messages: {taken['count']} came, {taken['different']} different")


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
