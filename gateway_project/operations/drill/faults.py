"""The faults: what is done to the gateway, and to those it talks to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from gateway_project.operations.drill.crew import SCHEDULER, WEB
from gateway_project.operations.drill.ear import MOODS
from gateway_project.operations.drill.scene import Scene
from gateway_project.operations.drill.wire import POSTGRESQL_IS_FULL, Wire

BREATH_SECONDS = 0.4
"""For whoever is held up to come to where it is held."""
AWAY_SECONDS = 1.5
MOOD_SECONDS = 2.0
ACCEPTS = 20

Deed = Callable[[Scene], Awaitable[None]]


class Lane(Enum):
    """Faults of one lane are played one after the other, those of another beside them."""

    DEATHS = auto()
    SERVERS = auto()
    PEERS = auto()


class Need(Enum):
    """What may be lacking, worded as the reason why a fault is left out."""

    SERVER = "there is no database server"
    WIRE = "there is no wire to a database server"
    BROKER = "there is no broker"
    BROKER_WIRE = "there is no wire to a broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`needs` names what of the scene it cannot do without."""

    play: Deed
    lane: Lane = Lane.DEATHS
    needs: Need | None = None


async def _kill_before_the_claim(scene: Scene) -> None:
    async with scene.workers_cannot_write():
        await asyncio.sleep(BREATH_SECONDS)
        await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)


async def _kill_after_the_claim(scene: Scene) -> None:
    """The message is claimed and on its way, and the provider never sees it."""
    scene.sending.hold()
    try:
        await scene.until_a_call_waits()
        await scene.kill(*scene.crew.workers)
    finally:
        await scene.sending.cut()
        scene.sending.release()
    await scene.start(*scene.crew.workers)


async def _kill_during_the_call(scene: Scene) -> None:
    async with scene.provider_holding():
        await scene.until_provider_is_called()
        await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)


async def _kill_before_the_commit(scene: Scene) -> None:
    """The provider has answered; what came of it never gets into the database."""
    async with scene.provider_holding():
        await scene.until_provider_is_called()
        async with scene.workers_cannot_write():
            await scene.desk.behave(holds=False)
            await asyncio.sleep(BREATH_SECONDS)
            await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)


async def _kill_during_a_callback(scene: Scene) -> None:
    with scene.ear_holding():
        await scene.until_ear_is_called()
        await scene.kill(*scene.crew.workers)
        await asyncio.sleep(BREATH_SECONDS)  # Smartico sees that they are gone
    await scene.start(*scene.crew.workers)


async def _kill_after_a_callback(scene: Scene) -> None:
    """Smartico has heard it, and nobody here knows."""
    with scene.ear_holding():
        await scene.until_ear_is_called()
        async with scene.workers_cannot_write():
            scene.ear.release()
            await asyncio.sleep(BREATH_SECONDS)
            await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)


async def _kill_one_at_any_moment(scene: Scene) -> None:
    await asyncio.sleep(scene.dice.random())
    victim = scene.dice.choice(scene.crew.workers)
    await scene.kill(victim)
    await scene.start(victim)


async def _kill_web(scene: Scene) -> None:
    for _ in range(ACCEPTS):
        scene.caller.begin()
    await asyncio.sleep(scene.dice.uniform(0.01, 0.1))
    await scene.kill(WEB)
    await scene.start(WEB)


async def _kill_scheduler(scene: Scene) -> None:
    await scene.kill(SCHEDULER)
    await scene.start(SCHEDULER)


async def _terminate_backends(scene: Scene) -> None:
    await scene.ask(scene.house.terminate_backends)


async def _take_database_away(scene: Scene) -> None:
    """As those at the other end see a restart."""
    await _take_away(*scene.database_wires)


async def _crowd_database(scene: Scene) -> None:
    """Who had a connection has lost it, and the server has none to give."""
    wires = scene.database_wires
    for wire in wires:
        await wire.cut()
        wire.crowd(POSTGRESQL_IS_FULL)
    await asyncio.sleep(AWAY_SECONDS)
    for wire in wires:
        wire.crowd(None)


async def _take_broker_away(scene: Scene) -> None:
    await _take_away(*filter(None, [scene.broker]))


async def _flush_broker(scene: Scene) -> None:
    for _ in range(ACCEPTS):
        scene.caller.begin()
    await scene.ask(scene.house.purge_queue)


async def _take_away(*wires: Wire) -> None:
    for wire in wires:
        await wire.take_away()
    await asyncio.sleep(AWAY_SECONDS)
    for wire in wires:
        await wire.open()


async def _drop_answers(scene: Scene) -> None:
    await scene.desk.behave(drops=True)
    await asyncio.sleep(AWAY_SECONDS)
    await scene.desk.behave(drops=False)


async def _answer_in_mood(scene: Scene, mood: str) -> None:
    scene.ear.mood = mood
    await asyncio.sleep(MOOD_SECONDS)
    scene.ear.mood = ""


def _of_servers(play: Deed, needs: Need) -> Fault:
    return Fault(play=play, lane=Lane.SERVERS, needs=needs)


FAULTS: Mapping[str, Fault] = {
    "worker killed before the claim": Fault(play=_kill_before_the_claim),
    "worker killed after the claim": Fault(play=_kill_after_the_claim),
    "worker killed during the provider call": Fault(play=_kill_during_the_call),
    "worker killed before the commit": Fault(play=_kill_before_the_commit),
    "worker killed during a callback": Fault(play=_kill_during_a_callback),
    "worker killed after a callback": Fault(play=_kill_after_a_callback),
    "worker killed at any moment": Fault(play=_kill_one_at_any_moment),
    "web killed during accepts": Fault(play=_kill_web),
    "scheduler killed": Fault(play=_kill_scheduler),
    "backends terminated": _of_servers(_terminate_backends, Need.SERVER),
    "database away": _of_servers(_take_database_away, Need.WIRE),
    "connections exhausted": _of_servers(_crowd_database, Need.WIRE),
    "broker away": _of_servers(_take_broker_away, Need.BROKER_WIRE),
    "broker flushed": _of_servers(_flush_broker, Need.BROKER),
    "provider drops calls": Fault(play=_drop_answers, lane=Lane.PEERS),
    **{
        f"Smartico answers: {mood}": Fault(
            play=partial(_answer_in_mood, mood=mood), lane=Lane.PEERS
        )
        for mood in MOODS
    },
}
"""By name. Reports that are doubled, reversed or early need no moment: they always are."""
