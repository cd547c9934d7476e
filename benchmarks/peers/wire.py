"""HTTP/1.1 over kept connections with nothing around it, for peers that must not be the limit.

aiohttp's server takes three times as long for a request, which would be taken from the measured.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

END = b"\r\n\r\n"
LENGTH = b"content-length:"
CALLERS = 32


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path with its query."""

    target: str
    body: bytes


Answer = Callable[[Request], bytes | Awaitable[bytes]]


class Conversation(asyncio.Protocol):
    """One connection: requests one after the other, answered with 200 and JSON or text."""

    def __init__(self, answer: Answer) -> None:
        self._answer, self._read = answer, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (request := self._next()) is not None:
            came = self._answer(request)
            if isinstance(came, bytes):
                self._write(came)
            else:
                asyncio.ensure_future(self._write_later(came))

    def _next(self) -> Request | None:
        head, end, rest = self._read.partition(END)
        if not end:
            return None
        length = length_in(head)
        if len(rest) < length:
            return None
        self._read = rest[length:]
        return Request(head.split(b" ", 2)[1].decode(), rest[:length])

    async def _write_later(self, came: Awaitable[bytes]) -> None:
        self._write(await came)

    def _write(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


def length_in(head: bytes) -> int:
    """The length of the body that the head announces."""
    for line in head.lower().split(b"\r\n")[1:]:
        if line.startswith(LENGTH):
            return int(line.removeprefix(LENGTH))
    return 0


class Caller:
    """Makes calls in the order they are asked for, on so many kept connections to each host."""

    def __init__(self) -> None:
        self._queues: dict[str, asyncio.Queue[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def post(self, url: str, body: bytes) -> None:
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._call("POST", url, head, body)

    def get(self, url: str) -> None:
        self._call("GET", url, "", b"")

    def _call(self, method: str, url: str, head: str, body: bytes) -> None:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        request = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n{head}\r\n"
        self._queue(parts.netloc).put_nowait(request.encode() + body)

    def _queue(self, host: str) -> "asyncio.Queue[bytes]":
        if host not in self._queues:
            self._queues[host] = asyncio.Queue()
            self._tasks += [asyncio.create_task(self._work(host)) for _ in range(CALLERS)]
        return self._queues[host]

    async def _work(self, host: str) -> None:
        """Calls on one connection; what breaks off is made again on another."""
        name, _, port = host.partition(":")
        while True:
            request = await self._queues[host].get()
            try:
                reader, writer = await asyncio.open_connection(name, int(port))
                while True:
                    await _exchange(reader, writer, request)
                    request = await self._queues[host].get()
            except (OSError, EOFError):
                self._queues[host].put_nowait(request)
                await asyncio.sleep(0.1)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> None:
    writer.write(request)
    head = await reader.readuntil(END)
    await reader.readexactly(length_in(head))


async def serve(port: int, answer: Answer) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(answer), "127.0.0.1", port)
    await server.serve_forever()
