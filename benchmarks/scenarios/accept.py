"""Accept: key, address, JSON, validation, user, suppression, routing, a durable row."""

from benchmarks import apprise, kannel
from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.posting import saturate
from benchmarks.reference.house import UsualHouse
from benchmarks.services import running
from benchmarks.trial import APPRISE, KANNEL, OURS, USUAL, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage


def ours(bench: Bench) -> Figures:
    return accept(bench, bench.house)


def usual(bench: Bench) -> Figures:
    return accept(bench, bench.usual)


def accept(bench: Bench, house: House | UsualHouse) -> Figures:
    house.forget_messages()
    with running(house.web()) as services:
        return saturate(bench, house, Usage(*services))


SCENARIO = Scenario(
    name="accept",
    title="Accept",
    trials=(
        Trial(name=OURS, measure=ours),
        Trial(name=USUAL, measure=usual),
        Trial(name=KANNEL, measure=kannel.accept, missing=kannel.missing),
        Trial(name=APPRISE, measure=apprise.accept, missing=apprise.missing),
    ),
    goals=(
        Goal(name="accept, beside the usual way", least=3),
        Goal(name="accept, p99 beside the usual way", measure="p99_ms", most=0.7, unit="ms"),
        Goal(name="accept, beside Kannel", than=KANNEL, least=0.75, why=kannel.DOES_LESS),
        Goal(name="accept, beside Apprise API", than=APPRISE, least=3),
    ),
)
