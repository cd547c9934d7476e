"""Flat: the rates with millions of rows in the database, beside those with none."""

from functools import partial
from importlib.util import find_spec

from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.posting import saturate
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage

EMPTY = "empty"
FILLING = "benchmarks.volume"
MESSAGES, USERS = 10_000_000, 1_000_000


def missing(bench: Bench) -> str:
    return "" if find_spec(FILLING) else f"there is no {FILLING} yet"


def full(bench: Bench) -> House:
    """The house with millions of rows, filled once in a run."""
    return bench.filled(FILLING, f"--messages={MESSAGES}", f"--users={USERS}")


def accept(bench: Bench, *, is_full: bool) -> Figures:
    house = full(bench) if is_full else bench.house
    if not is_full:
        house.forget_messages()
    with running(house.web()) as services:
        return saturate(bench, house, Usage(*services))


SCENARIO = Scenario(
    name="flat",
    title=f"Accept with {MESSAGES:,} messages and {USERS:,} users in the database",
    is_quick=False,
    trials=(
        Trial(name=OURS, measure=partial(accept, is_full=True), missing=missing),
        Trial(name=EMPTY, measure=partial(accept, is_full=False), missing=missing),
    ),
    goals=(Goal(name="accept before millions of rows", than=EMPTY, least=0.9),),
)
