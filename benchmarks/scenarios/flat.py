"""Flat: the rates of a house with millions of messages behind it, beside those of an empty one."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.scenarios.accept import accept
from benchmarks.scenarios.loop import loop
from benchmarks.scenarios.send import FAST, send
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial

EMPTY, AT_REST = "empty", "at rest"
FILLING = "benchmarks.volume"
RANDOM_PLACES = (
    "a row is written where a page of the past has room for it, and its index entries by repeat "
    "key and by user are in no order of time: such a page is read first, and after a checkpoint "
    "written to the log whole (while sending, two a message, and 18.6 kB of log instead of 2.8)"
)

Play = Callable[[Bench, House], Figures]


def missing(bench: Bench) -> str:
    return "" if find_spec(FILLING) else f"there is no {FILLING} yet"


def old(bench: Bench, play: Play) -> Figures:
    return play(bench, bench.old)


def empty(bench: Bench, play: Play) -> Figures:
    return play(bench, bench.house)


def drain(bench: Bench, house: House) -> Figures:
    return send(bench, house, FAST, bench.backlog)


def scenario(name: str, play: Play) -> Scenario:
    title = f"{name.capitalize()} before millions of messages"
    return Scenario(
        name=f"flat-{name}",
        title=title,
        is_quick=False,
        trials=(
            Trial(name=OURS, measure=partial(old, play=play), missing=missing),
            Trial(name=EMPTY, measure=partial(empty, play=play), missing=missing),
        ),
        goals=(
            Goal(name=f"{title.lower()}, beside none", than=EMPTY, least=0.9, why=RANDOM_PLACES),
        ),
    )


def while_pruned(bench: Bench) -> Figures:
    with running(bench.old.prune()):
        return accept(bench, bench.old)


PRUNED = Scenario(
    name="prune",
    title="Accept while an old house is pruned",
    is_quick=False,
    trials=(
        Trial(name=AT_REST, measure=partial(old, play=accept), missing=missing),
        Trial(name=OURS, measure=while_pruned, missing=missing),
    ),
    goals=(
        Goal(
            name="accept p99 while it is pruned, beside at rest",
            measure="p99_ms",
            than=AT_REST,
            most=2,
            unit="ms",
        ),
    ),
)
SCENARIOS = (scenario("accept", accept), scenario("send", drain), scenario("loop", loop), PRUNED)
