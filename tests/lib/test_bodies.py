"""Bodies are received whole before Django looks at them, or not at all."""

import threading
from io import BytesIO

import pytest

from gateway_project.lib.bodies import NO_ROOM, BodyCut, BodyReceiver

LIMIT = 100


class Stalled:
    """A caller who has gone to sleep in the middle of a body."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.released = threading.Event()

    def read(self, size: int) -> bytes:
        self.begun.set()
        self.released.wait(10)
        return b""


def posted(source):
    return {"wsgi.input": source, "CONTENT_LENGTH": "8"}


def received(environ, *, seconds=5.0):
    seen = []
    application = BodyReceiver(
        lambda environ, start: seen.append(environ) or [b""], limit=LIMIT, seconds=seconds
    )
    application(environ, lambda *_: None)
    return seen[0]


def test_a_body_of_known_length_is_in_memory_before_the_application_reads_it():
    source = BytesIO(b'{"a": 1}')
    environ = received({"wsgi.input": source, "CONTENT_LENGTH": "8"})
    assert environ["wsgi.input"] is not source
    assert environ["wsgi.input"].read() == b'{"a": 1}'


def test_a_chunked_body_is_given_a_length():
    environ = received({"wsgi.input": BytesIO(b"abc"), "HTTP_TRANSFER_ENCODING": "Chunked"})
    assert environ["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_chunked_body_over_the_limit_shows_a_length_over_the_limit():
    environ = received({"wsgi.input": BytesIO(b"x" * 500), "HTTP_TRANSFER_ENCODING": "chunked"})
    assert environ["CONTENT_LENGTH"] == str(LIMIT + 1)


@pytest.mark.parametrize(
    "announced", [{"CONTENT_LENGTH": "500000"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_a_body_over_the_limit_is_thrown_away_so_that_the_caller_hears_the_answer(announced):
    source = BytesIO(b"x" * 500_000)
    environ = received({"wsgi.input": source, **announced})
    assert source.tell() == 500_000
    assert int(environ["CONTENT_LENGTH"]) > LIMIT
    assert len(environ["wsgi.input"].read()) <= LIMIT + 1


def test_a_body_that_ends_early_is_not_taken_for_whole():
    environ = received({"wsgi.input": BytesIO(b'{"a"'), "CONTENT_LENGTH": "8"})
    with pytest.raises(BodyCut):
        environ["wsgi.input"].read()


@pytest.mark.parametrize(
    "announced", [{"CONTENT_LENGTH": "8"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_a_caller_who_stalls_is_cut_off(announced):
    stalled = Stalled()
    environ = received({"wsgi.input": stalled, **announced}, seconds=0.05)
    stalled.released.set()
    assert int(environ["CONTENT_LENGTH"]) > 0
    with pytest.raises(BodyCut):
        environ["wsgi.input"].read()


@pytest.mark.parametrize(
    "announced", [{"CONTENT_LENGTH": "80"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_bodies_have_so_much_room_together_and_give_it_back(announced):
    told = []

    def application(environ, start_response):
        told.append(environ.get(NO_ROOM, False))
        if len(told) == 1:
            receiver({"wsgi.input": BytesIO(b"x" * 80), **announced}, print)
        return [b""]

    receiver = BodyReceiver(application, limit=LIMIT, held_bytes=100)
    receiver({"wsgi.input": BytesIO(b"x" * 80), **announced}, print)
    receiver({"wsgi.input": BytesIO(b"x" * 80), **announced}, print)
    assert told == [False, True, False]


def test_of_bodies_that_do_not_come_so_many_are_waited_for_and_no_other_request_waits():
    told = []
    stalled = Stalled()
    receiver = BodyReceiver(
        lambda environ, start: told.append(environ.get(NO_ROOM, False)) or [b""],
        limit=LIMIT,
        waited_for=1,
    )
    waiting = threading.Thread(target=receiver, args=(posted(stalled), print))
    waiting.start()
    stalled.begun.wait(10)
    receiver(posted(BytesIO(b"x" * 8)), print)
    receiver({"wsgi.input": BytesIO()}, print)
    assert told == [True, False]
    stalled.released.set()
    waiting.join()
    receiver(posted(BytesIO(b"x" * 8)), print)
    assert told == [True, False, False, False]


def test_callers_who_stay_after_they_were_cut_off_take_no_reader_from_the_others():
    bodies = []

    def application(environ, start_response):
        bodies.append(environ["wsgi.input"])
        return [b""]

    receiver = BodyReceiver(application, limit=LIMIT, seconds=0.001)
    stalled = [Stalled() for _ in range(600)]
    for each in stalled:
        receiver(posted(each), print)
    receiver._seconds = 5.0
    receiver(posted(BytesIO(b'{"a": 1}')), print)
    for each in stalled:
        each.released.set()
    assert bodies[-1].read() == b'{"a": 1}'


def test_a_request_without_a_body_is_handed_on_as_it_is():
    source = BytesIO()
    assert received({"wsgi.input": source})["wsgi.input"] is source
