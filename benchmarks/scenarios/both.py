"""Accepting and sending at once: from the first request until the last message is settled."""

import time

from benchmarks import apprise
from benchmarks.bench import Bench
from benchmarks.draining import forget_all, wait_until_sent
from benchmarks.house import House
from benchmarks.posting import post, warm_up
from benchmarks.reference.house import UsualHouse
from benchmarks.services import Service, running
from benchmarks.trial import APPRISE, OURS, USUAL, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage


def ours(bench: Bench) -> Figures:
    house = bench.house
    with running(house.web(), house.worker(), house.scheduler()) as services:
        return at_once(bench, house, *services)


def usual(bench: Bench) -> Figures:
    with running(bench.usual.web(publishes_tasks=True), bench.usual.worker()) as services:
        return at_once(bench, bench.usual, *services)


def at_once(bench: Bench, house: House | UsualHouse, *services: Service) -> Figures:
    forget_all(bench, house)
    warm_up(bench, house)
    wait_until_sent(bench, house)
    forget_all(bench, house)
    usage = Usage(*services)
    began = time.monotonic()
    load = post(bench, house, bench.seconds)
    count, settled_at = wait_until_sent(bench, house)
    load.check(count, bench.connections)
    return {"rate": count / (settled_at - began), "p99_ms": load.p99_ms, **usage.figures(count)}


SCENARIO = Scenario(
    name="both",
    title="Accept and send at once",
    trials=(
        Trial(name=OURS, measure=ours),
        Trial(name=USUAL, measure=usual),
        Trial(name=APPRISE, measure=apprise.accept, missing=apprise.missing),
    ),
    goals=(
        Goal(name="accept and send, beside the usual way", least=8),
        Goal(name="accept and send, beside Apprise API", than=APPRISE, least=3),
    ),
)
