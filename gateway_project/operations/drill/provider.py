"""The provider of the drill: an HTTP server, and a mail server, in a process of its own.

    python -m gateway_project.operations.drill.provider PORT MAIL_PORT LEDGER SEED LATE

It sends what it is given, which is to say that it writes it down, reports what became of it, and
misbehaves as it is told on /manner. On /once it heeds the key of a repeat, on /each it does not,
nor where several messages come in one call, as Infobip takes them.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from gateway_project.operations.drill.mailroom import HOST, Mailroom
from gateway_project.operations.drill.reporter import Given, Reporter
from gateway_project.operations.drill.sends import SendLedger

KEY_HEADER = "Idempotency-Key"
ONCE, EACH, SEVERAL = "/once", "/each", "/viber/2/messages"
REFUSE = "refuse"
"""A word in a text with which the message is refused."""
BOUNCE = "bounce"
"""A word in a text that is sent and does not arrive."""
ONE_IN = 3
"""Of the calls that meet a bad manner: few enough in a row to be no outage."""


@dataclass(slots=True, kw_only=True)
class Manner:
    """How it behaves from now on. `holds`: takes the message and says nothing until it is let.
    `drops`: hangs up on one call of three, and has sent its message or not. `turns_away`: one of
    three on /once is told to come later. `stalls`: so is the next one there, but only when this is
    over."""

    holds: bool = False
    drops: bool = False
    turns_away: bool = False
    stalls: bool = False


@dataclass(slots=True, kw_only=True)
class Standing:
    """What is under way: calls that wait for their answer, and messages not yet reported on; and
    what its manners came to. `came_again`: calls for the message whose call is stalled."""

    in_the_air: int = 0
    unreported: int = 0
    dropped: int = 0
    turned_away: int = 0
    stalled: int = 0
    came_again: int = 0


@dataclass(slots=True, kw_only=True)
class Provider:
    ledger: SendLedger
    reporter: Reporter
    dice: random.Random
    manner: Manner = field(default_factory=Manner)
    standing: Standing = field(default_factory=Standing)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    may_refuse: asyncio.Event = field(default_factory=asyncio.Event)
    stalled_uid: str = ""
    calls: int = 0

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post(ONCE, self.take)
        application.router.add_post(EACH, self.take)
        application.router.add_post(SEVERAL, self.take_several)
        application.router.add_post("/manner", self.behave)
        application.router.add_get("/standing", self.stand)
        application.cleanup_ctx.append(self._with_session)
        return application

    async def _with_session(self, application: web.Application) -> AsyncIterator[None]:
        self.may_answer.set()
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            self.reporter.session = session
            yield

    async def behave(self, request: web.Request) -> web.Response:
        self.manner = replace(self.manner, **await request.json())
        (self.may_answer.clear if self.manner.holds else self.may_answer.set)()
        (self.may_refuse.clear if self.manner.stalls else self.may_refuse.set)()
        return web.json_response({})

    async def stand(self, request: web.Request) -> web.Response:
        return web.json_response(
            asdict(replace(self.standing, unreported=self.reporter.unreported))
        )

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One message: sends it unless it is refused or a repeat, and answers if it is to."""
        asked = await request.json()
        uid, *words = asked["text"].split()
        if REFUSE in words:
            self.ledger.refuse(uid)
            return web.json_response({"code": "refused"}, status=422)
        is_once = request.path == ONCE
        if is_once and await self._is_turned_away(uid):
            return web.json_response({"code": "later"}, status=503)
        is_dropped = self._is_one_of_three(self.manner.drops)
        if is_dropped and self.dice.random() < 0.5:
            return self._drop(request)
        number, is_new = self.ledger.send(uid, request.headers[KEY_HEADER] if is_once else None)
        if is_new:
            given = Given(
                uid=uid,
                ref=asked["ref"],
                reports_to=asked["reports_to"],
                bounces=BOUNCE in words,
            )
            await self.reporter.report(given, f"p-{number}")
        await self._wait_for_leave()
        return self._drop(request) if is_dropped else web.json_response({"id": f"p-{number}"})

    async def take_several(self, request: web.Request) -> web.StreamResponse:
        """Sends each that is not refused; hangs up on all of them or on none."""
        asked = (await request.json())["messages"]
        is_dropped = self._is_one_of_three(self.manner.drops)
        if is_dropped and self.dice.random() < 0.5:
            return self._drop(request)
        answers = [await self._one_of_several(each) for each in asked]
        await self._wait_for_leave()
        return self._drop(request) if is_dropped else web.json_response({"messages": answers})

    async def _one_of_several(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        uid, *words = asked["content"]["text"].split()
        id = asked["destinations"][0]["messageId"]
        if REFUSE in words:
            self.ledger.refuse(uid)
            return {"messageId": id, "status": {"groupName": "REJECTED", "name": "DRILL"}}
        self.ledger.send(uid, None)
        given = Given(
            uid=uid,
            ref=id,
            reports_to=asked["webhooks"]["delivery"]["url"],
            bounces=BOUNCE in words,
            as_infobip=True,
        )
        await self.reporter.report(given, id)
        return {"messageId": id, "status": {"groupName": "PENDING", "name": "DRILL"}}

    async def _is_turned_away(self, uid: str) -> bool:
        """Whether it is told to come later: at once, or once the stalling is over."""
        if self._is_one_of_three(self.manner.turns_away):
            self.standing.turned_away += 1
            return True
        if not self.manner.stalls:
            return False
        if self.stalled_uid:
            self.standing.came_again += uid == self.stalled_uid
            return False
        self.stalled_uid, self.standing.stalled, self.standing.came_again = uid, 1, 0
        await self.may_refuse.wait()
        self.stalled_uid, self.standing.stalled = "", 0
        return True

    def _is_one_of_three(self, has_manner: bool) -> bool:  # noqa: FBT001
        self.calls += has_manner
        return has_manner and self.calls % ONE_IN == 0

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
    port, mail_port, path, seed, late = sys.argv[1:]
    dice = random.Random(int(seed))  # noqa: S311  not for secrets
    ledger = SendLedger(Path(path))
    reporter = Reporter(ledger=ledger, dice=dice, late_seconds=float(late))
    application = Provider(ledger=ledger, reporter=reporter, dice=dice).application()

    async def with_mailroom(application: web.Application) -> AsyncIterator[None]:
        async with await Mailroom(ledger).open(int(mail_port)):
            yield

    application.cleanup_ctx.append(with_mailroom)
    web.run_app(application, host=HOST, port=int(port), print=None, access_log=None, backlog=512)


if __name__ == "__main__":
    main()
