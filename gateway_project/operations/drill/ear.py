"""Smartico's ear: the server that is told the statuses, and does not always listen well."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from zlib import crc32

from aiohttp import web

from callbacks.calling import TIMEOUT_SECONDS
from gateway_project.operations.smartico import ANSWER

HOST = "127.0.0.1"
SLOW_SECONDS = 1.5
MET_BY = 0.6
"""While it is in a mood, the share of callbacks that meet it."""

LAGS: Mapping[str, float] = {"accepted": 0.6, "delivered": 0.3}
"""Seconds that it thinks about a status, for every second message: whoever tells the next one
without waiting for the answer is heard in the wrong order."""

GIVES_UP_SECONDS = 0.9 * TIMEOUT_SECONDS
"""Who is gone after so long has given up: its own clock began before its call came."""
TOO_LATE_SECONDS = 2.0
"""From then on, until it has heard what it was told: the second try comes after one."""
MOST_TOO_LATE = 5
"""So many at a time, or nobody would be told anything else meanwhile."""

NOTHING, SLOW, TOO_LATE = "nothing", "slow", "too late"
MOODS: Mapping[str, tuple[int, str]] = {
    "not found": (200, '{"error_code": 1, "error_message": "message was not found"}'),
    "garbage": (200, "<html>It works!</html>"),
    "500": (500, "Internal Server Error"),
    NOTHING: (0, ""),
    SLOW: (200, ANSWER),
}
"""What it answers in each of them. `TOO_LATE` is one more, in which the answer reaches nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One callback. `is_heard`: it was acknowledged. `came_at` and `at`, when it was answered, are
    moments of time.monotonic()."""

    message_id: str
    status: str
    is_heard: bool
    came_at: float
    at: float

    @property
    def name(self) -> tuple[str, str]:
        return self.message_id, self.status


class Ear:
    """A real HTTP server. What it acknowledges it has heard; everything is written down."""

    def __init__(
        self, api_key: str, dice: random.Random, *, most_refusals: int | None = None
    ) -> None:
        """`most_refusals` is how often it does not listen to one and the same status."""
        self._api_key, self._dice, self._most_refusals = api_key, dice, most_refusals
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        application = web.Application()
        application.router.add_get("/callback", self._take)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
        self.told: list[Told] = []
        self.strangers = 0
        """Callbacks without Smartico's key."""
        self.mood = ""
        self.met = 0
        """How many callbacks met a mood."""
        self.given_up = 0
        """How many callers would not wait any longer."""
        self._too_late: set[tuple[str, str]] = set()
        self._waiting_in_vain = 0
        self.in_the_air = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/callback"

    async def open(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0, backlog=512)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        self._may_answer.set()
        await self._runner.cleanup()

    @property
    def heard(self) -> int:
        """How many callbacks it has acknowledged."""
        return sum(told.is_heard for told in self.told)

    def hold(self) -> None:
        """Says nothing to anybody, until it is released."""
        self._may_answer.clear()

    def release(self) -> None:
        self._may_answer.set()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        came_at = time.monotonic()
        self.strangers += request.query.get("api_key") != self._api_key
        mood = self._mood_for(request.query)
        self.met += bool(mood)
        if mood == TOO_LATE:
            await self._outlast(request.query, came_at)
        await self._wait(SLOW_SECONDS if mood == SLOW else _lag(request.query))
        status, text = MOODS.get(mood, (200, ANSWER))
        self._write_down(request.query, came_at, is_heard=text == ANSWER)
        if mood == NOTHING and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500, text=text)

    def _mood_for(self, told: Mapping[str, str]) -> str:
        if not self.mood or self._dice.random() >= MET_BY:
            return ""
        named = (told.get("ext_message_id", ""), told.get("status", ""))
        if self.mood == TOO_LATE:
            return self.mood if self._may_outlast(named) else ""
        if self._refusals[named] == self._most_refusals:
            return ""
        self._refusals[named] += 1
        return self.mood

    def _may_outlast(self, named: tuple[str, str]) -> bool:
        """Each status once: its second try is to be heard, and the first one after that."""
        return named not in self._too_late and self._waiting_in_vain < MOST_TOO_LATE

    async def _outlast(self, query: Mapping[str, str], came_at: float) -> None:
        """Says nothing until whoever has called is gone, for good or for another try, and hears it
        all the same. Does not return."""
        self._too_late.add((query.get("ext_message_id", ""), query.get("status", "")))
        self._waiting_in_vain += 1
        try:
            await asyncio.Event().wait()
        finally:
            self._waiting_in_vain -= 1
            self.given_up += time.monotonic() - came_at >= GIVES_UP_SECONDS
            hear = partial(self._write_down, query, came_at, is_heard=True)
            asyncio.get_running_loop().call_later(TOO_LATE_SECONDS, hear)

    async def _wait(self, seconds: float) -> None:
        """Who hangs up meanwhile was not heard: the handler is cancelled."""
        self.in_the_air += 1
        try:
            await asyncio.sleep(seconds)
            await self._may_answer.wait()
        finally:
            self.in_the_air -= 1

    def _write_down(self, query: Mapping[str, str], came_at: float, *, is_heard: bool) -> None:
        told = Told(
            message_id=query.get("ext_message_id", ""),
            status=query.get("status", ""),
            is_heard=is_heard,
            came_at=came_at,
            at=time.monotonic(),
        )
        self.told.append(told)


def _lag(told: Mapping[str, str]) -> float:
    lags = crc32(told.get("ext_message_id", "").encode()) % 2 == 0
    return LAGS.get(told.get("status", ""), 0.0) if lags else 0.0
