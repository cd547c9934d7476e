"""The drill's provider: real HTTP, and what it reports to whoever gave it the message."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway_project.operations.drill.provider import Desk, Manner, Provider
from gateway_project.operations.drill.sends import SendLedger

SECONDS = 10.0


class Stage:
    """A provider, who gives it messages, and who is reported to."""

    def __init__(self, provider: Provider, session: aiohttp.ClientSession, port: int) -> None:
        self.provider, self.session, self.port = provider, session, port
        self.desk = Desk(session, port)
        self.reports: list[dict[str, str]] = []
        self.refusals = 0

    async def hear(self, request: web.Request) -> web.Response:
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self.reports.append(await request.json())
        return web.Response()

    async def give(self, path: str, text: str, key: str = "key-1") -> tuple[int, dict[str, str]]:
        body = {"text": text, "ref": "m1", "reports_to": self.reports_to}
        url, headers = f"http://127.0.0.1:{self.port}/{path}", {"Idempotency-Key": key}
        async with self.session.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await asyncio.sleep(0.01)

    reports_to = ""


async def listening(application: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Stage], Awaitable[None]]], SendLedger]:
    def play(story: Callable[[Stage], Awaitable[None]]) -> SendLedger:
        async def staged() -> None:
            provider = Provider(ledger=ledger, dice=random.Random(1), late_seconds=0.1)
            runner, port = await listening(provider.application())
            async with aiohttp.ClientSession() as session:
                stage = Stage(provider, session, port)
                ears = web.Application()
                ears.router.add_post("/reports", stage.hear)
                hearing, hearing_port = await listening(ears)
                stage.reports_to = f"http://127.0.0.1:{hearing_port}/reports"
                try:
                    await asyncio.wait_for(story(stage), SECONDS)
                finally:
                    await runner.cleanup()
                    await hearing.cleanup()

        asyncio.run(staged())
        return ledger

    ledger = SendLedger(tmp_path / "sends.sqlite3")
    yield play
    ledger.close()


def test_a_repeat_is_heeded_on_one_path_and_not_on_the_other(play):
    async def story(stage):
        for path in ("once", "once", "each", "each"):
            assert (await stage.give(path, f"drill-{path}"))[0] == 200

    assert play(story).counts() == {"drill-once": 1, "drill-each": 2}


def test_what_is_to_be_refused_is_not_sent(play):
    async def story(stage):
        assert await stage.give("once", "drill-1 refuse") == (422, {"code": "refused"})

    ledger = play(story)
    assert ledger.counts() == {}
    assert ledger.refusals() == {"drill-1"}


def test_it_reports_until_it_is_heard(play):
    async def story(stage):
        stage.refusals = 2
        _, answer = await stage.give("each", "drill-1 bounce")
        await stage.until(lambda: not stage.provider.standing.unreported)
        assert stage.reports
        assert {report["status"] for report in stage.reports} == {"failed"}
        assert {report["id"] for report in stage.reports} == {answer["id"]}
        assert any(report.get("ref") == "m1" for report in stage.reports)

    reports = play(story).reports()
    assert {(report.uid, report.status) for report in reports} == {("drill-1", "failed")}
    assert all(report.is_taken for report in reports)


def test_while_it_holds_what_is_given_to_it_is_sent_and_not_answered(play):
    async def story(stage):
        await stage.desk.behave(holds=True)
        giving = asyncio.create_task(stage.give("once", "drill-1"))
        while not (await stage.desk.standing()).in_the_air:
            await asyncio.sleep(0.01)
        assert stage.provider.ledger.counts() == {"drill-1": 1}
        assert not giving.done()
        await stage.desk.behave(holds=False)
        assert (await giving)[0] == 200

    play(story)


def test_while_it_drops_every_third_caller_is_not_answered(play):
    async def story(stage):
        stage.provider.manner = Manner(drops=True)
        for number in (1, 2):
            assert (await stage.give("each", f"drill-{number}"))[0] == 200
        with pytest.raises(aiohttp.ClientError):
            await stage.give("each", "drill-3")

    play(story)
