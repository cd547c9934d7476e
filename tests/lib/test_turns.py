"""Requests that take turns: who waits, who is turned away, and what becomes of the answer."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from gateway_project.lib import journal
from gateway_project.lib.turns import (
    Answer,
    Application,
    Line,
    NotAnswered,
    NotBegun,
    NotDone,
    Streamed,
    Turn,
)

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


def line(work: Application, most: int = 1) -> Line:
    return Line(work, ThreadPoolExecutor(1), most=most)


async def answer_of(turn: Turn, begun_within: float = SECONDS) -> Answer:
    return await turn.answer(begun_within=begun_within, within=SECONDS)


def played(play: Callable[[], Coroutine]) -> None:
    asyncio.run(play())


def test_an_answer_comes_whole(work):
    work.may_end.set()

    async def play():
        answer = await answer_of(line(work).enter({"number": 7}))
        assert (answer.status, answer.headers) == ("200 OK", [("X-Number", "7")])
        assert answer.body == b"well done"

    played(play)


def test_who_has_begun_is_waited_for_only_so_long_and_goes_on(work):
    async def play():
        shared = line(work)
        turn = shared.enter({"number": 7})
        work.begun.acquire(timeout=SECONDS)
        with pytest.raises(NotDone):
            await turn.answer(begun_within=0, within=0.01)
        assert shared.enter({"number": 8}) is None
        work.may_end.set()
        while (second := shared.enter({"number": 9})) is None:
            pass
        assert (await answer_of(second)).body == b"well done"

    played(play)


def test_more_than_may_be_in_it_are_not_let_in(work):
    async def play():
        shared = line(work, most=3)
        assert all(shared.enter({"number": number}) for number in range(3))
        assert shared.enter({"number": 3}) is None

    played(play)


def test_what_was_given_up_is_never_begun_and_keeps_its_place_until_then(work):
    async def play():
        shared = line(work, most=2)
        first = shared.enter({"number": 0})
        work.begun.acquire(timeout=SECONDS)
        with pytest.raises(NotBegun):
            await answer_of(shared.enter({"number": 1}), begun_within=0.01)
        assert shared.enter({"number": 2}) is None, "what is kept for later is bounded"
        work.may_end.set()
        await answer_of(first)
        while (third := shared.enter({"number": 3})) is None:
            pass
        await answer_of(third)
        assert [environ["number"] for environ in work.asked] == [0, 3]

    played(play)


def test_an_error_of_the_application_is_raised_where_its_answer_is_waited_for():
    def broken(environ, start_response):
        raise KeyError

    async def play():
        with pytest.raises(KeyError):
            await answer_of(line(broken).enter({}))

    played(play)


def test_one_that_would_end_the_process_ends_only_itself():
    def ending(environ, start_response):
        if environ["number"] == 1:
            raise SystemExit
        start_response("200 OK", [])
        return [b"done"]

    async def play():
        shared = line(ending, most=2)
        first, second = shared.enter({"number": 1}), shared.enter({"number": 2})
        with pytest.raises(NotAnswered):
            await answer_of(first)
        assert (await answer_of(second)).body == b"done"

    played(play)


def test_what_a_request_leaves_in_its_context_is_not_the_next_ones():
    def accepting(environ, start_response):
        start_response("200 OK", [])
        said = str(journal.named()).encode()
        journal.also_about(UUID(int=7))
        return [said]

    async def play():
        shared = line(accepting, most=2)
        assert [(await answer_of(shared.enter({}))).body for _ in range(2)] == [b"{}", b"{}"]

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
        answer = await answer_of(line(application).enter({}))
        assert isinstance(answer.body, Streamed) != is_whole
        assert b"".join(iter(answer.body)) == b"abc" if not is_whole else answer.body == b"abc"
        assert response.is_closed == is_whole
        if not is_whole:
            answer.body.close()
            assert response.is_closed

    played(play)
