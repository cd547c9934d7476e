"""Accept: key, address, JSON, validation, user, suppression, routing, a durable row."""

from benchmarks import loading
from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.reference.house import UsualHouse
from benchmarks.services import running
from benchmarks.trial import OURS, USUAL, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage


def ours(bench: Bench) -> Figures:
    house = bench.house
    house.forget_messages()
    with running(house.web()) as services:
        return saturate(bench, house, Usage(*services))


def usual(bench: Bench) -> Figures:
    house = bench.usual
    house.forget_messages()
    with running(house.web()) as services:
        return saturate(bench, house, Usage(*services))


def saturate(bench: Bench, house: House | UsualHouse, usage: Usage) -> Figures:
    """As many requests as it takes, after some that warm it up."""
    warm_up(bench, house)
    before = house.messages()
    load = post(bench, house, bench.seconds)
    figures = usage.figures()
    load.check(house.messages() - before, bench.connections)
    return {**load.figures, **figures}


def warm_up(bench: Bench, house: House | UsualHouse) -> None:
    post(bench, house, seconds=1)


def post(
    bench: Bench, house: House | UsualHouse, seconds: float, channel: str = "sms"
) -> loading.Load:
    told = (f"/api/v1/{channel}", house.authorization, loading.prefix(), str(bench.users))
    return loading.load(
        "accept.lua",
        house.port,
        (*told, house.callback_url),
        seconds=seconds,
        connections=bench.connections,
    )


SCENARIO = Scenario(
    name="accept",
    title="Accept",
    trials=(Trial(name=OURS, measure=ours), Trial(name=USUAL, measure=usual)),
    goals=(
        Goal(name="accept, the usual way", least=3),
        Goal(
            name="accept, p99 at saturation, the usual way", measure="p99_ms", most=0.7, unit="ms"
        ),
    ),
)
