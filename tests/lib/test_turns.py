"""Requests that take turns: who waits, who is turned away, and what becomes of the answer."""

import threading

import pytest

from gateway_project.lib.turns import Line

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


def test_an_answer_comes_whole(work):
    work.may_end.set()
    turn = Line(work, name="test", threads=1, most=1).enter({"number": 7})
    answer = turn.answer.result(SECONDS)
    assert (answer.status, answer.headers) == ("200 OK", [("X-Number", "7")])
    assert answer.body == [b"well done"]


def test_more_than_may_wait_are_not_let_in(work):
    line = Line(work, name="test", threads=1, most=2)
    line.enter({"number": 0})
    work.begun.acquire(timeout=SECONDS)
    assert line.enter({"number": 1}) is not None
    assert line.enter({"number": 2}) is not None
    assert line.enter({"number": 3}) is None


def test_what_was_given_up_is_never_begun_and_keeps_its_place_until_then(work):
    line = Line(work, name="test", threads=1, most=1)
    first = line.enter({"number": 0})
    work.begun.acquire(timeout=SECONDS)
    second = line.enter({"number": 1})
    assert second.give_up()
    assert not first.give_up()
    assert line.enter({"number": 2}) is None, "what is kept for later is bounded"
    work.may_end.set()
    first.answer.result(SECONDS)
    while (third := line.enter({"number": 3})) is None:
        pass
    third.answer.result(SECONDS)
    assert [environ["number"] for environ in work.asked] == [0, 3]


def test_an_error_of_the_application_is_raised_where_its_answer_is_waited_for():
    def broken(environ, start_response):
        raise KeyError

    turn = Line(broken, name="test", threads=1, most=1).enter({})
    with pytest.raises(KeyError):
        turn.answer.result(SECONDS)
