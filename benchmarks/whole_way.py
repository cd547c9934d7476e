"""Timing the whole way: from the first request until the last message has come where it was to."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.bench import Bench
from benchmarks.draining import forget_all
from benchmarks.house import House
from benchmarks.posting import post, warm_up
from benchmarks.reference.house import UsualHouse
from benchmarks.services import Service
from benchmarks.trial import Figures
from benchmarks.usage import Usage

AnyHouse = TypeVar("AnyHouse", House, UsualHouse)
Arrival = Callable[[Bench, AnyHouse], tuple[int, float]]
"""Waits until all have come; how many, and when the last did."""


def go(
    bench: Bench,
    house: AnyHouse,
    services: Sequence[Service],
    arrive: "Arrival[AnyHouse]",
    channel: str = "sms",
) -> Figures:
    """Raises Invalid."""
    forget_all(bench, house)
    warm_up(bench, house, channel)
    arrive(bench, house)
    forget_all(bench, house)
    usage = Usage(*services)
    began = time.monotonic()
    load = post(bench, house, bench.seconds, channel)
    count, ended = arrive(bench, house)
    load.check(count, bench.connections)
    return {"rate": count / (ended - began), "p99_ms": load.p99_ms, **usage.figures(count)}
