"""Posting to a house, ours or the usual one: both speak the same protocol."""

from benchmarks import loading
from benchmarks.bench import Bench
from benchmarks.house import House
from benchmarks.reference.house import UsualHouse
from benchmarks.trial import Figures
from benchmarks.usage import Usage

WARM_UP_SECONDS = 1.0


def saturate(bench: Bench, house: House | UsualHouse, usage: Usage) -> Figures:
    """As many requests as it takes, after some that warm it up."""
    warm_up(bench, house)
    before = house.messages()
    load = post(bench, house, bench.seconds)
    figures = usage.figures(load.requests)
    load.check(house.messages() - before, bench.connections)
    return {**load.figures, **figures}


def warm_up(bench: Bench, house: House | UsualHouse, channel: str = "sms") -> None:
    post(bench, house, WARM_UP_SECONDS, channel)


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
