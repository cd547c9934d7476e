"""The scene: all who take part, and what a fault may do to them."""

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeVar

from gateway_project.lib.connections import DATABASE_TROUBLE, close
from gateway_project.operations.drill.books import Span
from gateway_project.operations.drill.caller import Caller
from gateway_project.operations.drill.crew import Crew
from gateway_project.operations.drill.ear import Ear
from gateway_project.operations.drill.house import House
from gateway_project.operations.drill.provider import Desk
from gateway_project.operations.drill.wire import Wire

Answer = TypeVar("Answer")
Counting = Callable[[], Awaitable[int]]

LOOK_SECONDS = 0.02
BUSY_SECONDS = 30.0
"""Others may use the server, too, and all of its connections."""
PATIENCE_SECONDS = 8.0
"""A worker has to start before it comes to the point at which it is killed."""
START_SECONDS = 30.0
STOPPINGS = 20
FREE_SECONDS = 0.3
"""At most this long a writer keeps SQLite for itself, unless it has been stopped with it."""


class Missed(Exception):
    """The moment for a fault did not come."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """`ear` is the first label's, and has the moods. `database` is the workers' wire and
    `web_database` the others'; None where there is no server. `broker` is everybody's, `sending`
    the wire to the provider."""

    dice: Random
    house: House
    crew: Crew
    caller: Caller
    ear: Ear
    second_ear: Ear
    desk: Desk
    sending: Wire
    database: Wire | None = None
    web_database: Wire | None = None
    broker: Wire | None = None
    clerk: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1))
    killed_at: list[float] = field(default_factory=list)
    stopped: list[Span] = field(default_factory=list)
    outages: list[Span] = field(default_factory=list)
    standstills: list[Span] = field(default_factory=list)

    @property
    def database_wires(self) -> list[Wire]:
        return [wire for wire in (self.database, self.web_database) if wire is not None]

    @property
    def ears(self) -> list[Ear]:
        return [self.ear, self.second_ear]

    async def kill(self, *names: str) -> int:
        """Kills them at this moment, and answers how many were alive; a worker's death is written
        down."""
        alive = await asyncio.to_thread(self.crew.kill, *names)
        if set(names) & set(self.crew.workers):
            self.killed_at.append(time.monotonic())
        return alive

    async def dismiss(self, name: str) -> None:
        await asyncio.to_thread(self.crew.dismiss, name)
        self.killed_at.append(time.monotonic())

    async def start(self, *names: str) -> None:
        await asyncio.to_thread(self.crew.start, *names)

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """What the database or the broker says: always asked by the same thread, which has a
        connection of its own. A server that has none to give just now is asked again."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self.clerk, question)
            except DATABASE_TROUBLE:
                await asyncio.get_running_loop().run_in_executor(self.clerk, close)
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(1.0)

    async def until(self, count: Counting, patience: float = PATIENCE_SECONDS) -> int:
        """Returns the count once there is one. Raises Missed where there is none within reason."""
        deadline = time.monotonic() + patience
        while not (counted := await count()):
            if time.monotonic() > deadline:
                raise Missed
            await asyncio.sleep(LOOK_SECONDS)
        return counted

    async def until_asked(self, question: Callable[[], int]) -> int:
        return await self.until(partial(self.ask, question))

    async def until_web_answers(self) -> None:
        """Between two deaths it has to be there, or nothing would be accepted."""

        async def is_there() -> int:
            return int(await self.caller.is_answered(f"{self.house.url}/health/live"))

        await self.until(is_there, START_SECONDS)

    async def until_provider_is_called(self) -> int:
        async def in_the_air() -> int:
            return (await self.desk.standing()).in_the_air

        return await self.until(in_the_air)

    async def until_ear_is_called(self) -> int:
        async def in_the_air() -> int:
            return self.ear.in_the_air

        return await self.until(in_the_air)

    async def until_a_call_waits(self) -> int:
        async def waiting() -> int:
            return self.sending.waiting

        return await self.until(waiting)

    @asynccontextmanager
    async def provider_holding(self) -> AsyncIterator[None]:
        """It takes messages and does not answer."""
        await self.desk.behave(holds=True)
        try:
            yield
        finally:
            await self.desk.behave(holds=False)

    @contextmanager
    def ear_holding(self) -> Iterator[None]:
        """It is told statuses and does not answer."""
        self.ear.hold()
        try:
            yield
        finally:
            self.ear.release()

    @asynccontextmanager
    async def workers_cannot_write(self) -> AsyncIterator[None]:
        """Whatever they have begun to write is never written if they die meanwhile."""
        with self.outage():
            if self.database is None:
                async with self._writing_locked():
                    yield
                return
            self.database.hold()
            try:
                yield
            finally:
                await self.database.cut()
                self.database.release()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """It is written down that nobody could write meanwhile."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.outages.append((began, time.monotonic()))

    @property
    def turned_away(self) -> list[Span]:
        """From when to when a worker waited to whom the server itself had no connection to give."""
        return [] if self.database is None else self.database.turned_away

    @property
    def cut_off(self) -> list[Span]:
        """From when to when workers had no database, and nobody had meant it: the server was full,
        or the drill itself stood still, and with it the wire."""
        return [] if self.database is None else [*self.turned_away, *self.standstills]

    @asynccontextmanager
    async def stopped_worker(self, name: str) -> AsyncIterator[None]:
        """It stands still, and takes nothing along that everybody needs."""
        began = time.monotonic()
        await self._stop(name)
        try:
            yield
        finally:
            self.crew.go_on(name)
            self.stopped.append((began, time.monotonic()))

    async def _stop(self, name: str) -> None:
        for _ in range(STOPPINGS):
            self.crew.stop(name)
            if self.house.sqlite is None or await asyncio.to_thread(self._is_free):
                return
            self.crew.go_on(name)
            await asyncio.sleep(LOOK_SECONDS)
        raise Missed

    def _is_free(self) -> bool:
        """Whether SQLite's one writer may be another than who was stopped."""
        turn = f"{self.house.sqlite}-turn"
        until = time.monotonic() + FREE_SECONDS
        with open(turn, "a") as file:  # noqa: PTH123  the writers' own lock
            while time.monotonic() < until:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                time.sleep(LOOK_SECONDS / 4)
        return False

    @asynccontextmanager
    async def _writing_locked(self) -> AsyncIterator[None]:
        """The one writer that SQLite has is somebody else."""
        lock = await asyncio.to_thread(self._lock)
        try:
            yield
        finally:
            lock.rollback()
            lock.close()

    def _lock(self) -> sqlite3.Connection:
        path = self.house.sqlite
        if path is None:
            raise Missed
        lock = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN IMMEDIATE")
        return lock
