"""What is played, in the order of the table."""

from benchmarks.scenarios import (
    accept,
    both,
    embedded,
    flat,
    latency,
    loop,
    memory,
    more_workers,
    pace,
    send,
    webhooks,
)
from benchmarks.trial import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    accept.SCENARIO,
    send.INSTANT,
    send.WAITING,
    both.SCENARIO,
    loop.SCENARIO,
    latency.SCENARIO,
    *flat.SCENARIOS,
    memory.SCENARIO,
    webhooks.SCENARIO,
    embedded.ACCEPT,
    embedded.END_TO_END,
    more_workers.SCENARIO,
    pace.SCENARIO,
)
