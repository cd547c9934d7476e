"""Wires: what they do to a connection, seen from its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from gateway_project.operations.drill.wire import POSTGRESQL_IS_FULL, Wire

SECONDS = 5.0


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    heard.append(b"")
    while data := await reader.read(100):
        heard.append(data)
        writer.write(data)
    writer.close()


async def be_full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    heard.append(await reader.read(100))
    writer.write(POSTGRESQL_IS_FULL)
    writer.close()


heard: list[bytes] = []
Story = Callable[[Wire], Awaitable[None]]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def play(story: Story, serve: Serve = echo) -> None:
    async def on_a_wire() -> None:
        heard.clear()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        wire = Wire("127.0.0.1", server.sockets[0].getsockname()[1])
        await wire.open()
        try:
            await asyncio.wait_for(story(wire), SECONDS)
        finally:
            await wire.take_away()
            server.close()

    asyncio.run(on_a_wire())


async def say(wire: Wire, words: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(words)
    return reader, writer


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


def test_it_carries_both_ways():
    async def story(wire):
        reader, writer = await say(wire, b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()

    play(story)


def test_what_is_held_arrives_when_it_is_released():
    async def story(wire):
        wire.hold()
        reader, writer = await say(wire, b"hello")
        await until(lambda: wire.waiting)
        assert b"hello" not in heard
        wire.release()
        assert await reader.readexactly(5) == b"hello"
        assert wire.waiting == 0
        writer.close()

    play(story)


def test_what_is_held_when_it_is_cut_never_arrives():
    async def story(wire):
        wire.hold()
        reader, writer = await say(wire, b"hello")
        await until(lambda: wire.waiting)
        assert await wire.cut() == 1
        wire.release()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(5)
        assert b"hello" not in heard
        writer.close()

    play(story)


def test_nobody_listens_while_it_is_away_and_at_the_same_port_again_afterwards():
    async def story(wire):
        assert await wire.take_away() == 0
        with pytest.raises(ConnectionRefusedError):
            await say(wire, b"hello")
        await wire.open()
        reader, writer = await say(wire, b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()

    play(story)


def test_a_crowded_one_sends_who_comes_new_away_and_keeps_who_is_there():
    async def story(wire):
        there, staying = await say(wire, b"hello")
        assert await there.readexactly(5) == b"hello"
        wire.crowd(POSTGRESQL_IS_FULL)
        late, leaving = await say(wire, b"startup")
        assert b"too many clients" in await late.read()
        await until(lambda: wire.refused == 1)
        staying.write(b"still")
        assert await there.readexactly(5) == b"still"
        slow, going = await say(wire, b"")
        await asyncio.sleep(0.1)
        wire.crowd(None)
        going.write(b"startup")
        assert b"too many clients" in await slow.read()
        for writer in (staying, leaving, going):
            writer.close()

    play(story)


def test_whom_the_server_itself_turns_away_is_written_down():
    async def story(wire):
        before = time.monotonic()
        reader, writer = await say(wire, b"startup")
        assert b"too many clients" in await reader.read()
        [(came_at, at)] = wire.turned_away
        assert before <= came_at <= at <= time.monotonic()
        writer.close()

    play(story, be_full)


def test_neither_who_is_sent_away_by_the_drill_nor_who_is_let_in_was_turned_away_by_the_server():
    async def story(wire):
        reader, writer = await say(wire, POSTGRESQL_IS_FULL[1:])
        assert await reader.read(100) == POSTGRESQL_IS_FULL[1:]
        wire.crowd(POSTGRESQL_IS_FULL)
        late, leaving = await say(wire, b"startup")
        assert b"too many clients" in await late.read()
        assert wire.turned_away == []
        writer.close()
        leaving.close()

    play(story)
