"""The play: traffic, faults, quiet, and what the books come to."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from random import Random

from django.conf import settings

from gateway_project.operations.drill import archive
from gateway_project.operations.drill.books import Books
from gateway_project.operations.drill.caller import LEAVER
from gateway_project.operations.drill.faults import FAULTS, Fault, Lane, Need
from gateway_project.operations.drill.house import House
from gateway_project.operations.drill.ledger import Findings, check
from gateway_project.operations.drill.plan import Plan, seconds_left
from gateway_project.operations.drill.scene import Missed, Scene
from gateway_project.operations.drill.sends import SendLedger
from gateway_project.operations.drill.stage import stage

LOOK_SECONDS = 0.2
PAUSES = {True: (0.1, 0.4), False: (1.0, 9.0)}
"""Between two faults, by whether the drill is a quick one."""
AFTERMATH_SECONDS = 1.5
"""How long it is listened for statuses that are told twice."""
NOT_OURS = "the server is not the drill's to stop: see 'database away'"

Tell = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What was played, and what came of it. `missed`: the moment for a fault did not come.
    `ended`: processes that ended without having been killed."""

    plan: Plan
    findings: Findings
    played: Counter[str]
    missed: Counter[str]
    left_out: Mapping[str, str]
    refused: Mapping[str, int]
    ended: Sequence[str]
    is_settled: bool
    posted: int
    broken: int
    seconds: float

    @property
    def has_passed(self) -> bool:
        is_clean = not (self.findings.shortfalls or self.refused or self.ended)
        return is_clean and self.is_settled and self.findings.accepted > 0


@dataclass(slots=True, kw_only=True)
class Play:
    """One performance of a plan on a scene."""

    plan: Plan
    scene: Scene
    tell: Tell
    played: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    ended: set[str] = field(default_factory=set)

    async def faults(self) -> None:
        """Traffic, and the faults that can be played here."""
        until = self.plan.faults_until(time.monotonic())
        traffic = self.scene.caller.post_for_ever(self.plan.messages_per_second)
        posting = asyncio.create_task(traffic)
        possible = {name: each for name, each in FAULTS.items() if not why_not(self.scene, each)}
        try:
            async with asyncio.TaskGroup() as lanes:
                for lane in Lane:
                    names = [name for name, each in possible.items() if each.lane == lane]
                    lanes.create_task(self._lane(names, until))
        finally:
            posting.cancel()

    async def _lane(self, names: Sequence[str], until: float) -> None:
        """One fault after the other, in a quick play each at most once, in a long one at least."""
        for name in in_turns(names, self.scene.dice):
            was_played = bool(self.played[name] + self.missed[name])
            is_late = seconds_left(until) == 0
            is_enough = was_played or is_late if self.plan.is_quick else was_played and is_late
            if is_enough:
                return
            await self._play(name)
            await asyncio.sleep(self.scene.dice.uniform(*PAUSES[self.plan.is_quick]))

    async def _play(self, name: str) -> None:
        self.ended.update(self.scene.crew.ended())
        try:
            await FAULTS[name].play(self.scene)
        except Missed:
            self.missed[name] += 1
        else:
            self.played[name] += 1
            self.tell(name)

    async def quiet(self) -> bool:
        """No more faults: waits until nothing is under way. False where that takes too long."""
        self.tell("waiting until all is settled")
        settled_by = time.monotonic() + self.plan.settling_seconds
        await self._erase_leaver(settled_by)
        while seconds_left(settled_by):
            if await self._is_settled():
                await asyncio.sleep(AFTERMATH_SECONDS)
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _erase_leaver(self, by: float) -> None:
        """As the platform would: until it is told that it is done."""
        house, caller = self.scene.house, self.scene.caller
        url = f"{house.url}/platform/v1/users/{LEAVER}"
        key = house.secrets["DRILL_PLATFORM_KEY"]
        while caller.is_waiting or not await caller.is_erased(url, key):
            if not seconds_left(by):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_settled(self) -> bool:
        if self.scene.caller.is_waiting or (await self.scene.desk.standing()).unreported:
            return False
        return not await self.scene.ask(archive.under_way)

    async def books(self) -> Books:
        """What all have written down."""
        self.ended.update(self.scene.crew.ended())
        with closing(SendLedger(self.scene.house.ledger)) as ledger:
            return Books(
                answered=self.scene.caller.answered,
                told=self.scene.ear.told,
                sends=dict(ledger.counts()),
                refusals=ledger.refusals(),
                reports=ledger.reports(),
                rows=await self.scene.ask(archive.rows),
                debts=await self.scene.ask(archive.debts),
                strangers=self.scene.ear.strangers,
                killed_at=self.scene.killed_at,
            )


def in_turns(names: Sequence[str], dice: Random) -> Iterator[str]:
    """Each once in some order, then each once in another, and so on."""
    while names:
        yield from dice.sample(names, len(names))


def why_not(scene: Scene, fault: Fault) -> str:
    """What keeps the fault from being played here; empty where nothing does."""
    has = {
        Need.SERVER: not settings.EMBEDDED,
        Need.WIRE: scene.database is not None,
        Need.BROKER: bool(settings.BROKER_URL),
        Need.BROKER_WIRE: scene.broker is not None,
    }
    return "" if fault.needs is None or has[fault.needs] else fault.needs.value


async def perform(plan: Plan, tell: Tell) -> Outcome:
    """The whole drill, on a stage of its own."""
    house = House()
    async with stage(plan, house) as scene:
        play = Play(plan=plan, scene=scene, tell=tell)
        tell("the gateway is at work")
        await play.faults()
        is_settled = await play.quiet()
        books = await play.books()
        house.books.write_text(json.dumps(asdict(books), default=sorted))
        findings = check(books)
        return Outcome(
            plan=plan,
            findings=findings,
            played=play.played,
            missed=play.missed,
            left_out=_left_out(play),
            refused=scene.caller.refused,
            ended=sorted(play.ended),
            is_settled=is_settled,
            posted=scene.caller.posted,
            broken=scene.caller.broken,
            seconds=time.monotonic() - plan.began,
        )


def _left_out(play: Play) -> dict[str, str]:
    left_out = {"database restarted": NOT_OURS}
    for name, fault in FAULTS.items():
        if reason := why_not(play.scene, fault):
            left_out[name] = reason
        elif not play.played[name]:
            left_out[name] = "its moment did not come" if play.missed[name] else "no time was left"
    return left_out
