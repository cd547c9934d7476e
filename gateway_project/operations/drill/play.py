"""The play: traffic, faults, quiet, and what the books come to."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from random import Random

from django.conf import settings

from gateway_project.operations.drill import archive, pulse, sources
from gateway_project.operations.drill.books import Books
from gateway_project.operations.drill.caller import LEAVER
from gateway_project.operations.drill.faults import DEATHS, FAULTS, Fault, Lane, Need
from gateway_project.operations.drill.house import House
from gateway_project.operations.drill.ledger import Findings, check
from gateway_project.operations.drill.plan import Plan, seconds_left
from gateway_project.operations.drill.scene import Missed, Scene
from gateway_project.operations.drill.sends import SendLedger
from gateway_project.operations.drill.stage import stage

LOOK_SECONDS = 0.2
REVIVAL_SECONDS = 5.0
"""Between two looks for who has ended: one that can never start again is told so often at most."""
AFTERMATH_SECONDS = 1.5
"""How long it is listened for statuses that are told twice."""
TRIES = 2
"""Of a fault that has no effect."""
NOT_OURS = "the server is not the drill's to stop: see 'database away'"
NO_TIME = "no time was left"

Tell = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What was played, and what came of it. `effects`: how much of one each fault had, in all.
    `missed`: it had none, or its moment did not come. `ended`: processes that ended without having
    been killed. `turned_away`: how often the database server had no connection for a worker, and
    nobody had meant it. `stood_still`: for how many seconds the drill itself had no processor.
    `changed`: modules that were written meanwhile."""

    plan: Plan
    findings: Findings
    played: Counter[str]
    effects: Counter[str]
    missed: Counter[str]
    left_out: Mapping[str, str]
    refused: Mapping[str, int]
    ended: Sequence[str]
    is_settled: bool
    posted: int
    broken: int
    seconds: float
    turned_away: int = 0
    stood_still: float = 0.0
    changed: Sequence[str] = ()

    @property
    def never_played(self) -> list[str]:
        """The faults that had no effect however often they were tried."""
        missed = {name for name, times in self.missed.items() if times >= TRIES}
        return sorted(missed - self.played.keys())

    @property
    def out_of_time(self) -> list[str]:
        """The faults that a quick drill did not come to."""
        return sorted(name for name, reason in self.left_out.items() if reason == NO_TIME)

    @property
    def is_too_slow(self) -> bool:
        """Whether there was no time for more than half of the faults, or of the deaths among them:
        the others prove nothing."""
        untried, played = set(self.out_of_time), set(self.played)
        return any(len(untried & some) > len(played & some) for some in (untried | played, DEATHS))

    @property
    def is_clean(self) -> bool:
        """Whether nothing fell short of what was tried."""
        is_clean = not (self.findings.shortfalls or self.refused or self.ended)
        is_clean = is_clean and not self.never_played
        return is_clean and self.is_settled and self.findings.accepted > 0

    @property
    def has_passed(self) -> bool:
        return self.is_clean and not self.is_too_slow


@dataclass(slots=True, kw_only=True)
class Play:
    """One performance of a plan on a scene."""

    plan: Plan
    scene: Scene
    tell: Tell
    played: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    ended: set[str] = field(default_factory=set)
    at_work: float = field(default_factory=time.monotonic)

    async def faults(self) -> None:
        """Traffic, and the faults that can be played here."""
        until = self.plan.faults_until(self.at_work)
        traffic = self.scene.caller.post_for_ever(self.plan.messages_per_second)
        posting = asyncio.create_task(traffic)
        possible = {name: each for name, each in FAULTS.items() if not self.why_not(each)}
        try:
            async with asyncio.TaskGroup() as lanes:
                for lane in Lane:
                    names = [name for name, each in possible.items() if each.lane == lane]
                    lanes.create_task(self._lane(names, until))
        finally:
            posting.cancel()

    async def _lane(self, names: Sequence[str], until: float) -> None:
        """One fault after the other, in a quick play each at most once, in a long one at least.
        What had no effect is tried once more when all had their turn."""
        for name in in_turns(names, self.scene.dice):
            is_late, wanted = seconds_left(until) == 0, self._wanted(names)
            if (is_late and self.plan.is_quick) or not (wanted or self._goes_on(is_late)):
                return
            if name in wanted or self._goes_on(is_late):
                await self._play(name)
                await asyncio.sleep(self.scene.dice.uniform(*self.plan.pauses))

    def _goes_on(self, is_late: bool) -> bool:  # noqa: FBT001
        """Whether faults are played again that have been played."""
        return not (is_late or self.plan.is_quick)

    async def _play(self, name: str) -> None:
        try:
            effect = await FAULTS[name].play(self.scene)
        except Missed:
            effect = 0
        (self.played if effect else self.missed)[name] += 1
        self.effects[name] += effect
        self.tell(f"{name}: {effect}" if effect else f"{name}: missed")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """What nobody means to happen is seen meanwhile, and looked for once more in the end. The
        play ends with the watch where that fails: unwatched it proves nothing."""
        async with asyncio.TaskGroup() as watches:
            watching = [self.watch(), pulse.keep(self.scene.standstills)]
            tasks = [watches.create_task(each) for each in watching]
            yield
            for task in tasks:
                task.cancel()
        await self._look_for_dead()

    async def watch(self) -> None:
        """Tells at once who has ended without having been killed, and why, and starts it again."""
        while True:
            await self._look_for_dead()
            await asyncio.sleep(REVIVAL_SECONDS)

    async def _look_for_dead(self) -> None:
        for name in await asyncio.to_thread(self.scene.crew.revive):
            self._found_dead(name)

    def _found_dead(self, name: str) -> None:
        self.ended.add(name)
        self.tell(f"{name} ended by itself, and is started again")
        for line in self.scene.house.last_words():
            self.tell(f"  {line}")

    def _wanted(self, names: Iterable[str]) -> list[str]:
        """Those that have not been played, and not been missed twice."""
        return [name for name in names if not self.played[name] and self.missed[name] < TRIES]

    async def quiet(self) -> None:
        """No more faults: waits until nothing is under way, or for as long as there is time."""
        self.tell("waiting until all is settled")
        settled_by = self.plan.settled_by(at_work=self.at_work, quiet_at=time.monotonic())
        await self._erase_leaver(settled_by)
        while seconds_left(settled_by):
            if await self.is_settled():
                await asyncio.sleep(AFTERMATH_SECONDS)
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _erase_leaver(self, by: float) -> None:
        """As the platform would: until it is told that it is done."""
        house, caller = self.scene.house, self.scene.caller
        url = f"{house.url}/platform/v1/users/{LEAVER}"
        key = house.secrets["DRILL_FIRST_PLATFORM_KEY"]
        while caller.is_waiting or not await caller.is_erased(url, key):
            if not seconds_left(by):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def why_not(self, fault: Fault) -> str:
        """What keeps the fault from being played here; empty where nothing does."""
        has = {
            Need.SERVER: not settings.EMBEDDED,
            Need.MINUTES: not self.plan.is_quick,
            Need.WIRE: self.scene.database is not None,
            Need.BROKER: bool(settings.BROKER_URL),
            Need.BROKER_WIRE: self.scene.broker is not None,
        }
        return "" if fault.needs is None or has[fault.needs] else fault.needs.value

    async def is_settled(self) -> bool:
        """Whether nothing is under way."""
        if self.scene.caller.is_waiting or (await self.scene.desk.standing()).unreported:
            return False
        return not await self.scene.ask(archive.under_way)

    async def books(self) -> Books:
        """What all have written down."""
        self.ended.update(self.scene.crew.ended())
        with closing(SendLedger(self.scene.house.ledger)) as ledger:
            return Books(
                answered=self.scene.caller.answered,
                told=[told for ear in self.scene.ears for told in ear.told],
                sends=dict(ledger.counts()),
                refusals=ledger.refusals(),
                reports=ledger.reports(),
                rows=await self.scene.ask(archive.rows),
                debts=await self.scene.ask(archive.debts),
                lease_seconds=settings.LEASE_SECONDS,
                strangers=sum(ear.strangers for ear in self.scene.ears),
                killed_at=self.scene.killed_at,
                stopped=self.scene.stopped,
                outages=[*self.scene.outages, *self.scene.cut_off],
            )


def in_turns(names: Sequence[str], dice: Random) -> Iterator[str]:
    """Each once in some order, then each once in another, and so on."""
    while names:
        yield from dice.sample(names, len(names))


async def perform(plan: Plan, tell: Tell) -> Outcome:
    """The whole drill, on a stage of its own."""
    house, code = House(), sources.stamps()
    async with stage(plan, house) as scene:
        play = Play(plan=plan, scene=scene, tell=tell)
        tell("the gateway is at work")
        async with play.watched():
            await play.faults()
            await play.quiet()
        books = await play.books()
        house.books.write_text(json.dumps(asdict(books), default=sorted))
        findings = check(books)
        return Outcome(
            plan=plan,
            findings=findings,
            played=play.played,
            effects=play.effects,
            missed=play.missed,
            left_out=_left_out(play),
            refused=scene.caller.refused,
            ended=sorted(play.ended),
            is_settled=await play.is_settled(),
            posted=scene.caller.posted,
            broken=scene.caller.broken,
            seconds=time.monotonic() - plan.began,
            turned_away=len(scene.turned_away),
            stood_still=sum(ended - began for began, ended in scene.standstills),
            changed=sources.changed_since(code),
        )


def _left_out(play: Play) -> dict[str, str]:
    left_out = {"database restarted": NOT_OURS}
    for name, fault in FAULTS.items():
        if reason := play.why_not(fault):
            left_out[name] = reason
        elif not play.played[name]:
            has_had_its_tries = play.missed[name] >= TRIES
            left_out[name] = "it never had an effect" if has_had_its_tries else NO_TIME
    return left_out
