"""Send: messages that wait are sent, through a provider that answers at once, or after 50 ms."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.draining import forget_all, wait_until_begun, wait_until_sent
from benchmarks.house import House
from benchmarks.reference.house import UsualHouse
from benchmarks.services import Service, running
from benchmarks.trial import OURS, USUAL, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage

FAST, SLOW = "sms", "viber"
SHARES = {FAST: 10, SLOW: 40}
"""How many times fewer messages wait in the usual house: it would be at them for a long time."""


def ours(bench: Bench, channel: str) -> Figures:
    return send(bench, bench.house, channel, bench.backlog)


def usual(bench: Bench, channel: str) -> Figures:
    """The tasks are published beforehand: that is not counted."""
    return send(bench, bench.usual, channel, bench.backlog // SHARES[channel])


def send(bench: Bench, house: House | UsualHouse, channel: str, count: int) -> Figures:
    wait_in(bench, house, channel, count)
    with running(house.worker()) as services:
        return drain(bench, house, *services)


def wait_in(bench: Bench, house: House | UsualHouse, channel: str, count: int) -> None:
    """So many messages wait to be sent; nobody has sent any before."""
    forget_all(bench, house)
    house.fill("messages", channel, str(count))


def drain(bench: Bench, house: House | UsualHouse, *services: Service) -> Figures:
    wait_until_begun(bench.outside)
    usage = Usage(*services)
    count, settled_at = wait_until_sent(bench, house)
    figures = usage.figures(count)
    return {"rate": count / (settled_at - bench.outside.sent()["first_at"]), **figures}


def scenario(name: str, title: str, channel: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        is_quick=channel == FAST,
        trials=(
            Trial(name=OURS, measure=partial(ours, channel=channel)),
            Trial(name=USUAL, measure=partial(usual, channel=channel)),
        ),
        goals=(Goal(name=f"{name}, beside a task per message", least=10),),
    )


INSTANT = scenario("send", "Send, the provider answers at once", FAST)
WAITING = scenario("send-slow", "Send, the provider takes 50 ms", SLOW)
