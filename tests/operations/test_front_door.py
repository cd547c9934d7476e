"""Nobody waits long for a word, however long the work takes."""

import asyncio
import json
import threading

import pytest

from gateway_project.lib.bodies import NO_ROOM
from gateway_project.lib.turns import NotAnswered
from gateway_project.operations import front_door
from gateway_project.operations.front_door import FrontDoor

SECONDS = 10
AT_ONCE = ("/health/live", "/health/ready", "/health/ready/", "/metrics")


@pytest.fixture
def held(monkeypatch):
    """Behind the door everything takes until the test says so."""
    monkeypatch.setattr(front_door, "BEGUN_SECONDS", 0.05)
    monkeypatch.setattr(front_door, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(front_door, "MOST_AT_ONCE", 4)
    may_end = threading.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] not in AT_ONCE:
            may_end.wait(SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    yield FrontDoor(pages=application, calls=application, threads=1), may_end
    may_end.set()


def asked(door, path, **environ):
    """The status, the headers and the body."""
    told = {"PATH_INFO": path, "REQUEST_METHOD": "POST", **environ}
    answer = asyncio.run(door.answer(told))
    return answer.status, dict(answer.headers), answer.body


def begun(door, path):
    """Requests that are at work on each thread for such as these."""
    slow = [threading.Thread(target=asked, args=(door, path)) for _ in range(2)]
    for each in slow:
        each.start()
    while door._others._pool._work_queue.qsize() or len(door._others._pool._threads) < 2:
        pass
    return slow


def test_on_smarticos_paths_the_answer_is_to_come_again(held):
    door, _ = held
    for _ in range(6):  # at work, in the queue, beyond it
        status, headers, body = asked(door, "/api/v1/sms")
        assert (status, headers["Content-Type"]) == ("200 OK", "application/json")
        assert json.loads(body)["error_code"] == 50


def test_head_is_answered_without_a_body(held):
    assert asked(held[0], "/api/v1/sms", REQUEST_METHOD="HEAD")[2] == b""


def test_liveness_is_told_whatever_the_rest_waits_for(held):
    door, _ = held
    asked(door, "/api/v1/sms")
    assert asked(door, "/health/live") == ("200 OK", {}, b"done")


def test_pages_are_answered_while_calls_are_held_up(held):
    door, may_end = held
    asked(door, "/api/v1/sms")
    waiting = threading.Timer(0.2, may_end.set)
    waiting.start()
    assert asked(door, "/admin/")[2] == b"done"
    waiting.join()


def test_a_page_that_has_begun_may_take_its_time_and_one_that_has_not_is_told_503(held):
    door, may_end = held
    slow = begun(door, "/admin/")
    status, headers, body = asked(door, "/admin/")
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "1")
    assert json.loads(body)["error"]["code"] == "unavailable"
    assert all(each.is_alive() for each in slow)
    may_end.set()
    for each in slow:
        each.join()


@pytest.mark.parametrize("path", ["/health/ready", "/health/ready/", "/metrics"])
def test_who_watches_the_house_waits_for_no_page_and_no_call(held, path):
    door, may_end = held
    asked(door, "/api/v1/sms")
    slow = begun(door, "/platform/v1/users")
    assert asked(door, path) == ("200 OK", {}, b"done")
    may_end.set()
    for each in slow:
        each.join()


def test_a_request_whose_body_had_no_room_is_not_looked_at(held):
    _, _, body = asked(held[0], "/api/v1/sms", **{NO_ROOM: True})
    assert json.loads(body)["error_code"] == 50


@pytest.mark.parametrize("broken", [SystemExit, ValueError])
def test_on_smarticos_paths_what_breaks_is_told_in_the_protocol(broken):
    def application(environ, start_response):
        raise broken

    door = FrontDoor(pages=application, calls=application, threads=1)
    status, _, body = asked(door, "/api/v1/sms")
    assert (status, json.loads(body)["error_code"]) == ("200 OK", 99)
    with pytest.raises(NotAnswered if broken is SystemExit else broken):
        asked(door, "/admin/")


def test_afterwards_all_is_as_before(held):
    door, may_end = held
    for _ in range(6):
        asked(door, "/api/v1/sms")
    may_end.set()
    while asked(door, "/api/v1/sms")[2] != b"done":
        pass
