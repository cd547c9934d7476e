"""The provider of the drill: an HTTP server in a process of its own.

    python -m gateway_project.operations.drill.provider PORT LEDGER SEED LATE

It sends what it is given, which is to say that it writes it down, reports what became of it, and
misbehaves as it is told on /manner. On /once it heeds the key of a repeat, on /each it does not.
"""

import asyncio
import random
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from gateway_project.operations.drill.sends import Reported, SendLedger

HOST = "127.0.0.1"
KEY_HEADER = "Idempotency-Key"
REFUSE = "refuse"
"""A word in a text with which the message is refused."""
BOUNCE = "bounce"
"""A word in a text that is sent and does not arrive."""
AHEAD_SECONDS = 1.0
"""At most it waits with its answer for what it reports early."""
EARLY, EARLY_BOUNCES = 0.25, 0.5
"""The shares of messages that are reported on before they are answered."""
REPORT_SECONDS = 0.3
LATE = 0.25
"""The share of messages of which nothing is reported for a long time: until then only what the
gateway itself knows keeps it from sending them again."""
AGAIN_SECONDS = 0.4
DROP_ONE_IN = 3
"""While answers are dropped: few enough in a row to be no outage."""


@dataclass(slots=True, kw_only=True)
class Manner:
    """How it behaves from now on. `holds`: takes the message and says nothing until it is let."""

    holds: bool = False
    drops: bool = False


@dataclass(slots=True, kw_only=True)
class Standing:
    """What is under way: calls that wait for their answer, and reports not yet taken."""

    in_the_air: int = 0
    unreported: int = 0
    dropped: int = 0


@dataclass(slots=True, kw_only=True)
class Provider:
    ledger: SendLedger
    dice: random.Random
    late_seconds: float
    manner: Manner = field(default_factory=Manner)
    standing: Standing = field(default_factory=Standing)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    session: aiohttp.ClientSession | None = None
    calls: int = 0
    reporting: set["asyncio.Task[None]"] = field(default_factory=set)

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/once", self.take)
        application.router.add_post("/each", self.take)
        application.router.add_post("/manner", self.behave)
        application.router.add_get("/standing", self.stand)
        application.cleanup_ctx.append(self._with_session)
        return application

    async def _with_session(self, application: web.Application) -> Any:
        self.may_answer.set()
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as self.session:
            yield

    async def behave(self, request: web.Request) -> web.Response:
        self.manner = replace(self.manner, **await request.json())
        (self.may_answer.clear if self.manner.holds else self.may_answer.set)()
        return web.json_response({})

    async def stand(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self.standing))

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One message: sends it unless it is refused or a repeat, and answers if it is to."""
        asked = await request.json()
        words = asked["text"].split()
        if REFUSE in words:
            self.ledger.refuse(words[0])
            return web.json_response({"code": "refused"}, status=422)
        self.calls += self.manner.drops
        is_dropped = self.manner.drops and self.calls % DROP_ONE_IN == 0
        if is_dropped and self.dice.random() < 0.5:
            return self._drop(request)
        key = request.headers[KEY_HEADER] if request.path == "/once" else None
        number, is_new = self.ledger.send(words[0], key)
        if is_new:
            await self._report(asked, words[0], f"p-{number}", bounces=BOUNCE in words)
        await self._wait_for_leave()
        return self._drop(request) if is_dropped else web.json_response({"id": f"p-{number}"})

    def _drop(self, request: web.Request) -> web.StreamResponse:
        """Hangs up: whoever called does not know whether it was taken."""
        self.standing.dropped += 1
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _wait_for_leave(self) -> None:
        self.standing.in_the_air += 1
        try:
            await self.may_answer.wait()
        finally:
            self.standing.in_the_air -= 1

    async def _report(self, asked: Mapping[str, str], uid: str, id: str, *, bounces: bool) -> None:
        """Sets its reports going: sometimes twice, in the wrong order, or ahead of the answer."""
        statuses = ["failed"] if bounces else ["delivered", "opened"][: self.dice.choice((1, 2))]
        if self.dice.random() < 0.25:
            statuses.reverse()
        if self.dice.random() < 0.25:
            statuses = [status for status in statuses for _ in range(2)]
        is_early = self.dice.random() < (EARLY_BOUNCES if bounces else EARLY)
        reports = [
            Reported(uid=uid, provider_id=id, status=status, names_message=not is_early or n > 0)
            for n, status in enumerate([*statuses, statuses[-1]] if is_early else statuses)
        ]
        self.standing.unreported += 1
        is_late = not is_early and self.dice.random() < LATE
        wait = 0.0 if is_early else self.late_seconds if is_late else REPORT_SECONDS
        task = asyncio.create_task(self._tell(asked, reports, wait))
        self.reporting.add(task)
        task.add_done_callback(self.reporting.discard)
        if is_early:
            await asyncio.wait({task}, timeout=AHEAD_SECONDS)

    async def _tell(
        self, asked: Mapping[str, str], reports: Sequence[Reported], wait: float
    ) -> None:
        await asyncio.sleep(wait)
        for report in reports:
            number = self.ledger.tell(report)
            told = {"id": report.provider_id, "status": report.status}
            told |= {"ref": asked["ref"]} if report.names_message else {}
            while not await self._is_taken(asked["reports_to"], told):
                await asyncio.sleep(AGAIN_SECONDS)
            self.ledger.was_taken(number)
        self.standing.unreported -= 1

    async def _is_taken(self, url: str, report: Mapping[str, str]) -> bool:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            assert self.session is not None  # noqa: S101  it is open as long as the server is
            async with self.session.post(url, json=report) as answer:
                return answer.status == 200
        return False


class Desk:
    """The provider's desk, for the one who drills: tells it how to behave, asks how it stands."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session, self._url = session, f"http://{HOST}:{port}"

    async def behave(self, **manner: bool) -> None:
        async with self._session.post(f"{self._url}/manner", json=manner) as answer:
            answer.raise_for_status()

    async def standing(self) -> Standing:
        async with self._session.get(f"{self._url}/standing") as answer:
            told = await answer.json()
        return Standing(**{each.name: told[each.name] for each in fields(Standing)})


def main() -> None:
    port, ledger, seed, late = sys.argv[1:]
    dice = random.Random(int(seed))  # noqa: S311  not for secrets
    provider = Provider(ledger=SendLedger(Path(ledger)), dice=dice, late_seconds=float(late))
    web.run_app(
        provider.application(), host=HOST, port=int(port), print=None, access_log=None, backlog=512
    )


if __name__ == "__main__":
    main()
