"""The faults: what is done to the gateway, and to those it talks to.

Each answers with how much of an effect it had: messages that lay there unclaimed, calls that were
in the air, connections that were cut. Without any it has not been played.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from django.conf import settings

from gateway_project.operations.drill import archive
from gateway_project.operations.drill.crew import SCHEDULER, WEB
from gateway_project.operations.drill.ear import MOODS, TOO_LATE
from gateway_project.operations.drill.scene import PATIENCE_SECONDS, Missed, Scene
from gateway_project.operations.drill.wire import POSTGRESQL_IS_FULL, Wire

BREATH_SECONDS = 0.4
"""For whoever is held up to come to where it is held."""
AWAY_SECONDS = 1.5
MOOD_SECONDS = 2.0
OUTLIVED_SECONDS = 60.0
"""Between two deaths there is seldom the time for a worker to give up."""
ACCEPTS = 20
CLAIMS = 5
"""How often it is tried to come before a claim."""
SECOND = "second"
"""The worker that goes on where another is stopped."""

Deed = Callable[[Scene], Awaitable[int]]


class Lane(Enum):
    """Faults of one lane are played one after the other, those of another beside them."""

    DEATHS = auto()
    SERVERS = auto()
    PEERS = auto()


class Need(Enum):
    """What may be lacking, worded as the reason why a fault is left out."""

    SERVER = "there is no database server"
    MINUTES = "it takes longer than a quick drill has time for"
    WIRE = "there is no wire to a database server"
    BROKER = "there is no broker"
    BROKER_WIRE = "there is no wire to a broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`needs` names what of the scene it cannot do without."""

    play: Deed
    lane: Lane = Lane.DEATHS
    needs: Need | None = None


async def _kill_before_the_claim(scene: Scene) -> int:
    """What is due lies there, and nobody can claim it."""
    for _ in range(CLAIMS):
        for _ in range(ACCEPTS):
            scene.caller.begin()
        await asyncio.sleep(scene.dice.uniform(0.05, 0.3))
        async with scene.workers_cannot_write():
            await asyncio.sleep(BREATH_SECONDS)
            if due := await scene.ask(archive.due):
                await scene.kill(*scene.crew.workers)
        if due:
            await scene.start(*scene.crew.workers)
            return due
    raise Missed


async def _kill_after_the_claim(scene: Scene) -> int:
    """The message is claimed and on its way, and the provider never sees it."""
    scene.sending.hold()
    try:
        waiting = await scene.until_a_call_waits()
        await scene.kill(*scene.crew.workers)
    finally:
        await scene.sending.cut()
        scene.sending.release()
    await scene.start(*scene.crew.workers)
    return waiting


async def _kill_during_the_call(scene: Scene) -> int:
    async with scene.provider_holding():
        called = await scene.until_provider_is_called()
        await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)
    return called


async def _kill_before_the_commit(scene: Scene) -> int:
    """The provider has answered; what came of it never gets into the database."""
    async with scene.provider_holding():
        await scene.until_provider_is_called()
        async with scene.workers_cannot_write():
            await scene.desk.behave(holds=False)
            await asyncio.sleep(BREATH_SECONDS)
            unwritten = await scene.ask(archive.sending)
            await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)
    return unwritten


async def _kill_during_a_callback(scene: Scene) -> int:
    with scene.ear_holding():
        called = await scene.until_ear_is_called()
        await scene.kill(*scene.crew.workers)
        await asyncio.sleep(BREATH_SECONDS)  # Smartico sees that they are gone
    await scene.start(*scene.crew.workers)
    return called


async def _kill_after_a_callback(scene: Scene) -> int:
    """Smartico has heard it, and nobody here knows."""
    with scene.ear_holding():
        await scene.until_ear_is_called()
        async with scene.workers_cannot_write():
            before = scene.ear.heard
            scene.ear.release()
            await asyncio.sleep(BREATH_SECONDS)
            heard = scene.ear.heard - before
            await scene.kill(*scene.crew.workers)
    await scene.start(*scene.crew.workers)
    return heard


async def _kill_one_at_any_moment(scene: Scene) -> int:
    await asyncio.sleep(scene.dice.random())
    victim = scene.dice.choice(scene.crew.workers)
    killed = await scene.kill(victim)
    await scene.start(victim)
    return killed


async def _stop_past_the_lease(scene: Scene) -> int:
    """One stands still with a call in its hands. Its lease runs out, another worker makes the call
    again, and then the first goes on and reads that the provider would not take the message."""
    first, *others = scene.crew.workers
    await scene.kill(*others)
    try:
        await scene.desk.behave(stalls=True)
        await scene.until(partial(_standing, scene, "stalled"))
        async with scene.stopped_worker(first):
            await scene.desk.behave(stalls=True, holds=True)
            await scene.start(SECOND)
            patience = settings.LEASE_SECONDS + PATIENCE_SECONDS
            came_again = await scene.until(partial(_standing, scene, "came_again"), patience)
            await scene.desk.behave(stalls=False, holds=True)
        await asyncio.sleep(AWAY_SECONDS)
    finally:
        await scene.desk.behave(stalls=False, holds=False)
        if SECOND in scene.crew.workers:
            await scene.dismiss(SECOND)
        await scene.start(*others)
    return came_again


async def _standing(scene: Scene, name: str) -> int:
    return int(getattr(await scene.desk.standing(), name))


async def _kill_web(scene: Scene) -> int:
    await scene.until_web_answers()
    for _ in range(ACCEPTS):
        scene.caller.begin()
    await asyncio.sleep(scene.dice.uniform(0.005, 0.04))
    in_the_air = scene.caller.in_the_air
    await scene.kill(WEB)
    await scene.start(WEB)
    await scene.until_web_answers()
    return in_the_air


async def _kill_scheduler(scene: Scene) -> int:
    killed = await scene.kill(SCHEDULER)
    await scene.start(SCHEDULER)
    return killed


async def _terminate_backends(scene: Scene) -> int:
    with scene.outage():
        return await scene.ask(scene.house.terminate_backends)


async def _take_database_away(scene: Scene) -> int:
    """As those at the other end see a restart."""
    with scene.outage():
        return await _take_away(*scene.database_wires)


async def _crowd_database(scene: Scene) -> int:
    """Who had a connection has lost it, and the server has none to give."""
    wires = scene.database_wires
    with scene.outage():
        for wire in wires:
            await wire.cut()
            wire.crowd(POSTGRESQL_IS_FULL)
        await asyncio.sleep(AWAY_SECONDS)
        refused = sum(wire.refused for wire in wires)
        for wire in wires:
            wire.crowd(None)
    return refused


async def _take_broker_away(scene: Scene) -> int:
    return await _take_away(*filter(None, [scene.broker]))


async def _flush_broker(scene: Scene) -> int:
    """Kicks lie there, since nobody is there to take them, and are gone when somebody comes."""
    await scene.until_web_answers()
    await scene.kill(*scene.crew.workers)
    try:
        for _ in range(ACCEPTS):
            scene.caller.begin()
        return await scene.until_asked(scene.house.purge_queue)
    finally:
        await scene.start(*scene.crew.workers)


async def _take_away(*wires: Wire) -> int:
    cut = sum([await wire.take_away() for wire in wires])
    await asyncio.sleep(AWAY_SECONDS)
    for wire in wires:
        await wire.open()
    return cut


async def _drop_answers(scene: Scene) -> int:
    return await _while_provider(scene, "drops", "dropped")


async def _turn_calls_away(scene: Scene) -> int:
    return await _while_provider(scene, "turns_away", "turned_away")


async def _while_provider(scene: Scene, manner: str, counted: str) -> int:
    """For a while, and until somebody has noticed."""
    before = await _standing(scene, counted)

    async def noticed() -> int:
        return await _standing(scene, counted) - before

    await scene.desk.behave(**{manner: True})
    try:
        await asyncio.sleep(AWAY_SECONDS)
        return await scene.until(noticed)
    finally:
        await scene.desk.behave(**{manner: False})


async def _answer_in_mood(scene: Scene, mood: str) -> int:
    before = scene.ear.met

    async def met() -> int:
        return scene.ear.met - before

    scene.ear.mood = mood
    try:
        await asyncio.sleep(MOOD_SECONDS)
        return await scene.until(met)
    finally:
        scene.ear.mood = ""


async def _answer_too_late(scene: Scene) -> int:
    """Until a worker has lived for long enough to give up."""
    before = scene.ear.given_up

    async def given_up() -> int:
        return scene.ear.given_up - before

    scene.ear.mood = TOO_LATE
    try:
        return await scene.until(given_up, OUTLIVED_SECONDS)
    finally:
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
    "worker stopped past its lease": Fault(play=_stop_past_the_lease),
    "web killed during accepts": Fault(play=_kill_web),
    "scheduler killed": Fault(play=_kill_scheduler),
    "backends terminated": _of_servers(_terminate_backends, Need.SERVER),
    "database away": _of_servers(_take_database_away, Need.WIRE),
    "connections exhausted": _of_servers(_crowd_database, Need.WIRE),
    "broker away": _of_servers(_take_broker_away, Need.BROKER_WIRE),
    "broker flushed": Fault(play=_flush_broker, needs=Need.BROKER),
    "provider drops calls": Fault(play=_drop_answers, lane=Lane.PEERS),
    "provider turns calls away": Fault(play=_turn_calls_away, lane=Lane.PEERS),
    **{
        f"Smartico answers: {mood}": Fault(
            play=partial(_answer_in_mood, mood=mood), lane=Lane.PEERS
        )
        for mood in MOODS
    },
    f"Smartico answers: {TOO_LATE}": Fault(
        play=_answer_too_late, lane=Lane.PEERS, needs=Need.MINUTES
    ),
}
"""By name. Reports that are doubled, reversed or early need no moment: they always are."""

DEATHS = frozenset(name for name, fault in FAULTS.items() if fault.lane == Lane.DEATHS)
