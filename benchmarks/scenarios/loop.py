"""The whole loop: accepted, sent, reported by the provider, told to Smartico."""

import time

from benchmarks import kannel
from benchmarks.bench import Bench
from benchmarks.draining import forget_all, wait_until_told
from benchmarks.house import House
from benchmarks.posting import post, warm_up
from benchmarks.services import running
from benchmarks.trial import KANNEL, OURS, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage

CHANNEL = "whatsapp"
"""The one whose provider reports."""


def ours(bench: Bench) -> Figures:
    return loop(bench, bench.house)


def loop(bench: Bench, house: House) -> Figures:
    """From the first request until the last callback."""
    forget_all(bench, house)
    with running(house.web(), house.worker(), house.scheduler()) as services:
        warm_up(bench, house, CHANNEL)
        wait_until_told(bench, house)
        forget_all(bench, house)
        usage = Usage(*services)
        began = time.monotonic()
        load = post(bench, house, bench.seconds, CHANNEL)
        count, ended = wait_until_told(bench, house)
        load.check(count, bench.connections)
        return {"rate": count / (ended - began), "p99_ms": load.p99_ms, **usage.figures(count)}


SCENARIO = Scenario(
    name="loop",
    title="The whole loop",
    trials=(
        Trial(name=OURS, measure=ours),
        Trial(name=KANNEL, measure=kannel.loop, missing=kannel.missing),
    ),
    goals=(Goal(name="the whole loop, beside Kannel", than=KANNEL, least=1),),
)
