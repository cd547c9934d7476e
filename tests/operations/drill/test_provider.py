"""The drill's provider: real HTTP, and what it reports to whoever gave it the message."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway_project.operations.drill.provider import SEVERAL, Desk, Manner, Provider
from gateway_project.operations.drill.reporter import Reporter
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
            dice = random.Random(1)
            reporter = Reporter(ledger=ledger, dice=dice, late_seconds=0.1)
            provider = Provider(ledger=ledger, reporter=reporter, dice=dice)
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
        await stage.until(lambda: not stage.provider.reporter.unreported)
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


def test_while_it_turns_calls_away_every_third_one_on_the_first_path_comes_later(play):
    async def story(stage):
        await stage.desk.behave(turns_away=True)
        statuses = [(await stage.give("once", f"drill-{n}", f"key-{n}"))[0] for n in (1, 2, 3)]
        assert statuses == [200, 200, 503]
        assert (await stage.give("each", "drill-4"))[0] == 200
        assert (await stage.desk.standing()).turned_away == 1

    assert play(story).counts() == {"drill-1": 1, "drill-2": 1, "drill-4": 1}


def test_a_stalled_call_comes_later_only_when_that_is_over_and_is_known_when_it_comes_again(play):
    async def story(stage):
        await stage.desk.behave(stalls=True)
        giving = asyncio.create_task(stage.give("once", "drill-1"))
        while not (await stage.desk.standing()).stalled:
            await asyncio.sleep(0.01)
        assert (await stage.give("once", "drill-2", "key-2"))[0] == 200
        assert (await stage.desk.standing()).came_again == 0
        assert (await stage.give("once", "drill-1"))[0] == 200
        assert (await stage.desk.standing()).came_again == 1
        assert not giving.done()
        await stage.desk.behave(stalls=False)
        assert (await giving)[0] == 503

    assert play(story).counts() == {"drill-1": 1, "drill-2": 1}


def several(reports_to: str, *texts: str) -> dict[str, object]:
    return {
        "messages": [
            {
                "content": {"text": text},
                "destinations": [{"messageId": f"m{number}"}],
                "webhooks": {"delivery": {"url": reports_to}},
            }
            for number, text in enumerate(texts)
        ]
    }


def test_of_several_in_one_call_each_has_its_own_answer_and_its_own_reports(play):
    async def story(stage):
        body = several(stage.reports_to, "drill-1", "drill-2 refuse", "drill-3 bounce")
        url = f"http://127.0.0.1:{stage.port}{SEVERAL}"
        async with stage.session.post(url, json=body) as answer:
            answers = (await answer.json())["messages"]
        groups = [each["status"]["groupName"] for each in answers]
        assert groups == ["PENDING", "REJECTED", "PENDING"]
        await stage.until(lambda: not stage.provider.reporter.unreported)
        results = [report["results"][0] for report in stage.reports]
        told = {
            each["messageId"]: each["status"]["groupName"] for each in results if "status" in each
        }
        assert told["m2"] == "UNDELIVERABLE"
        assert "m1" not in told

    ledger = play(story)
    assert ledger.counts() == {"drill-1": 1, "drill-3": 1}
    assert ledger.refusals() == {"drill-2"}
