"""Bodies are received whole before Django looks at them, or not at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway_project.lib.bodies import NO_ROOM, BodyCut, BodyReceiver

LIMIT = 100
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}


class Caller:
    """Sends a body in parts; with `stalls`, goes to sleep after the last."""

    def __init__(self, *parts: bytes, stalls: bool = False, breaks: bool = False) -> None:
        self.left, self.stalls, self.breaks = list(parts), stalls, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            yield self.left.pop(0)
        if self.stalls:
            await asyncio.sleep(30)
        if self.breaks:
            raise RuntimeError


def announced(size: int) -> dict:
    return {"CONTENT_LENGTH": str(size)}


def received(environ: dict, caller: Caller, *, seconds: float = 5.0) -> dict:
    receiver = BodyReceiver(limit=LIMIT, seconds=seconds)
    asyncio.run(receiver.receive(environ, caller))
    return environ


def test_a_body_of_known_length_is_in_memory_before_the_application_reads_it():
    environ = received(announced(8), Caller(b'{"a"', b": 1}"))
    assert environ["wsgi.input"].read() == b'{"a": 1}'


def test_a_chunked_body_is_given_a_length():
    environ = received({"HTTP_TRANSFER_ENCODING": "Chunked"}, Caller(b"a", b"bc"))
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["wsgi.input"].read() == b"abc"
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_chunked_body_over_the_limit_shows_a_length_over_the_limit():
    environ = received(CHUNKED.copy(), Caller(b"x" * 50, b"x" * 500))
    assert environ["CONTENT_LENGTH"] == str(LIMIT + 1)


@pytest.mark.parametrize("how", [announced(500_000), CHUNKED])
def test_a_body_over_the_limit_is_thrown_away_so_that_the_caller_hears_the_answer(how):
    caller = Caller(*[b"x" * 1000] * 500)
    environ = received(how.copy(), caller)
    assert caller.left == []
    assert int(environ["CONTENT_LENGTH"]) > LIMIT
    assert len(environ["wsgi.input"].read()) <= LIMIT + 1


@pytest.mark.parametrize("breaks", [False, True])
def test_a_body_that_ends_early_is_not_taken_for_whole(breaks):
    environ = received(announced(8), Caller(b'{"a"', breaks=breaks))
    with pytest.raises(BodyCut):
        environ["wsgi.input"].read()


def test_chunks_that_end_once_are_whole():
    environ = received(CHUNKED.copy(), Caller(b"a", b"bc", b""))
    assert environ["wsgi.input"].read() == b"abc"


@pytest.mark.parametrize("came", [(), (b"a", b"bc")])
def test_chunks_that_end_twice_were_cut(came):
    environ = received(CHUNKED.copy(), Caller(*came, b"", b""))
    assert int(environ["CONTENT_LENGTH"]) > 0
    with pytest.raises(BodyCut):
        environ["wsgi.input"].read()


@pytest.mark.parametrize("how", [announced(8), CHUNKED])
def test_a_caller_who_stalls_is_cut_off(how):
    environ = received(how.copy(), Caller(b"{", stalls=True), seconds=0.05)
    assert int(environ["CONTENT_LENGTH"]) > 0
    with pytest.raises(BodyCut):
        environ["wsgi.input"].read()


@pytest.mark.parametrize("how", [announced(80), CHUNKED])
def test_bodies_have_so_much_room_together_and_give_it_back(how):
    async def told() -> list[bool]:
        receiver = BodyReceiver(limit=LIMIT, held_bytes=100)
        environs = [how.copy() for _ in range(3)]
        held = await receiver.receive(environs[0], Caller(b"x" * 80))
        (await receiver.receive(environs[1], Caller(b"x" * 80))).give_back()
        held.give_back()
        (await receiver.receive(environs[2], Caller(b"x" * 80))).give_back()
        return [environ.get(NO_ROOM, False) for environ in environs]

    assert asyncio.run(told()) == [False, True, False]


@pytest.mark.parametrize("how", [announced(80), CHUNKED])
def test_what_was_cut_gives_its_room_back(how):
    async def told() -> bool:
        receiver = BodyReceiver(limit=LIMIT, held_bytes=100, seconds=0.05)
        (await receiver.receive(how.copy(), Caller(b"x" * 70, stalls=True))).give_back()
        environ = how.copy()
        await receiver.receive(environ, Caller(b"x" * 80))
        return environ.get(NO_ROOM, False)

    assert not asyncio.run(told())


def test_of_bodies_that_do_not_come_so_many_are_waited_for_and_no_other_request_waits():
    async def told() -> list[bool]:
        receiver = BodyReceiver(limit=LIMIT, waited_for=1, seconds=0.2)
        stalled = asyncio.create_task(receiver.receive(announced(8), Caller(stalls=True)))
        await asyncio.sleep(0)
        environs = [announced(8), {}]
        for environ in environs:
            await receiver.receive(environ, Caller(b"x" * 8))
        await stalled
        environs.append(announced(8))
        await receiver.receive(environs[-1], Caller(b"x" * 8))
        return [environ.get(NO_ROOM, False) for environ in environs]

    assert asyncio.run(told()) == [True, False, False]


def test_a_request_without_a_body_has_an_empty_one():
    assert received({}, Caller(b"more"))["wsgi.input"].read() == b""
