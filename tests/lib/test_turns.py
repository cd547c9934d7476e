"""Requests that take turns: who waits, who is turned away, and what becomes of the answer."""

import asyncio
import threading
from collections.abc import Callable, Coroutine

import pytest

from gateway_project.lib.turns import Line, Streamed

SECONDS = 10


class Work:
    """A WSGI application that takes as long as the test likes."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.asked: list[dict] = []

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        self.begun.release()
        self.may_end.wait(SECONDS)
        start_response("200 OK", [("X-Number", str(environ["number"]))])
        return [b"well ", b"done"]


@pytest.fixture
def work():
    work = Work()
    yield work
    work.may_end.set()


def played(play: Callable[[], Coroutine]) -> None:
    asyncio.run(play())


def test_an_answer_comes_whole(work):
    work.may_end.set()

    async def play():
        turn = Line(work, name="test", threads=1, most=1).enter({"number": 7})
        assert await turn.comes_within(SECONDS)
        answer = await turn.answer()
        assert (answer.status, answer.headers) == ("200 OK", [("X-Number", "7")])
        assert answer.body == b"well done"

    played(play)


def test_who_asks_again_waits_for_the_same_answer(work):
    async def play():
        turn = Line(work, name="test", threads=1, most=1).enter({"number": 7})
        assert not await turn.comes_within(0.01)
        work.may_end.set()
        assert await turn.comes_within(SECONDS)
        assert (await turn.answer()).body == b"well done"

    played(play)


def test_more_than_may_wait_are_not_let_in(work):
    async def play():
        line = Line(work, name="test", threads=1, most=2)
        line.enter({"number": 0})
        work.begun.acquire(timeout=SECONDS)
        assert line.enter({"number": 1}) is not None
        assert line.enter({"number": 2}) is not None
        assert line.enter({"number": 3}) is None

    played(play)


def test_what_was_given_up_is_never_begun_and_keeps_its_place_until_then(work):
    async def play():
        line = Line(work, name="test", threads=1, most=1)
        first = line.enter({"number": 0})
        work.begun.acquire(timeout=SECONDS)
        second = line.enter({"number": 1})
        assert second.give_up()
        assert not first.give_up()
        assert line.enter({"number": 2}) is None, "what is kept for later is bounded"
        work.may_end.set()
        await first.answer()
        while (third := line.enter({"number": 3})) is None:
            pass
        await third.answer()
        assert [environ["number"] for environ in work.asked] == [0, 3]

    played(play)


def test_an_error_of_the_application_is_raised_where_its_answer_is_waited_for():
    def broken(environ, start_response):
        raise KeyError

    async def play():
        turn = Line(broken, name="test", threads=1, most=1).enter({})
        with pytest.raises(KeyError):
            await turn.answer()

    played(play)


class Response:
    streaming = True

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self):
        yield from (b"a", b"bc")

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(("length", "is_whole"), [("3", True), (str(10**9), False), (None, False)])
def test_only_a_long_answer_or_one_of_unknown_length_is_streamed(length, is_whole):
    response = Response()

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", length)] if length else [])
        return response

    async def play():
        answer = await Line(application, name="test", threads=1, most=1).enter({}).answer()
        assert isinstance(answer.body, Streamed) != is_whole
        assert b"".join(iter(answer.body)) == b"abc" if not is_whole else answer.body == b"abc"
        assert response.is_closed == is_whole
        if not is_whole:
            answer.body.close()
            assert response.is_closed

    played(play)
