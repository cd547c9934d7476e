"""A wire between the gateway and a server: it can be held, cut, taken away and be overcrowded.

To the processes at its end it is what becomes of a real one. The server behind it is nobody's but
its owner's: it is never stopped.
"""

import asyncio
import struct
import time
from contextlib import suppress

CHUNK = 65_536
BACKLOG = 512
HOST = "127.0.0.1"


ERROR = b"E"
TOO_MANY = b"C53300\0"
"""The field by which such an error of PostgreSQL is known."""


def _postgresql_is_full() -> bytes:
    fields = b"SFATAL\0" + TOO_MANY + b"Msorry, too many clients already\0\0"
    return ERROR + struct.pack("!I", len(fields) + 4) + fields


POSTGRESQL_IS_FULL = _postgresql_is_full()
"""What a PostgreSQL says that has no connection left."""


class Wire:
    """Listens on a port of its own of loopback and carries what comes there, both ways."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._refusal: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self.port = 0
        self.waiting = 0
        """How many have something to say while it is held."""
        self.refused = 0
        """How many were sent away since it is crowded."""
        self.turned_away: list[tuple[float, float]] = []
        """From when to when those were here to whom PostgreSQL itself had no connection to give. An
        encrypted one is not understood."""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._take, HOST, self.port, backlog=BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]

    async def take_away(self) -> int:
        """Nobody listens any more, and who was connected is not; answers how many those were."""
        if self._server is not None:
            self._server.close()
            self._server = None
        return await self.cut()

    async def cut(self) -> int:
        """Drops every connection, with all that was held in it; answers how many there were."""
        for writer in self._writers:
            writer.transport.abort()
        carrying = list(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        return len(carrying)

    def hold(self) -> None:
        """From now on nothing gets through; all stay connected."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    def crowd(self, refusal: bytes | None) -> None:
        """Who comes new is told this and sent away; None: is let through again."""
        self._refusal, self.refused = refusal, 0

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a server's callback is one
        self._carrying.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the wire was cut: no reason to complain of
        finally:
            self._carrying.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (refusal := self._refusal) is not None:
            await reader.read(CHUNK)
            writer.write(refusal)
            await writer.drain()
            self.refused += 1
            return
        came_at = time.monotonic()
        server_reader, server_writer = await asyncio.open_connection(*self._there)
        ways = [
            asyncio.create_task(self._carry(reader, server_writer, counts=True)),
            asyncio.create_task(self._carry(server_reader, writer, came_at=came_at)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            server_writer.close()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        counts: bool = False,
        came_at: float | None = None,
    ) -> None:
        """What a server says has the moment at which its client came."""
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if came_at is not None and data.startswith(ERROR) and TOO_MANY in data:
                    self.turned_away.append((came_at, time.monotonic()))
                await self._wait_to_flow(counts=counts)
                writer.write(data)
                await writer.drain()

    async def _wait_to_flow(self, *, counts: bool) -> None:
        if self._flows.is_set():
            return
        self.waiting += counts
        try:
            await self._flows.wait()
        finally:
            self.waiting -= counts
