"""The session that all calls share: guarded look-ups, kept connections, and no memory."""

import asyncio
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection

from gateway_project.lib import egress
from gateway_project.lib.transport import EgressRefused

USER_AGENT = "Gatehouse"
KEEP_SECONDS = 4.0
"""Servers commonly drop an idle connection after five: it is left before they do, because a request
written while the other side hangs up is one of which nobody knows whether it was read."""
LOOK_UP_THREADS = 16
HUNG_UP = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)

Trust = ssl.SSLContext | bool
"""Certificates that a call trusts alone; True for the system's."""
LookUp = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver knows for a name. Blocks."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def open_session(resolver: "GuardedResolver") -> aiohttp.ClientSession:
    """A session without memory: no cookies, no proxy or netrc of the environment.

    The number of connections is not limited here: who calls limits itself, and nobody waits in a
    line behind a stranger's slow host. Own authorities are added by OpenSSL's SSL_CERT_FILE.
    """
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        ssl=ssl.create_default_context(),
        keepalive_timeout=KEEP_SECONDS,
        limit=0,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        request_class=Request,
        trust_env=False,
    )


class GuardedResolver(AbstractResolver):
    """Resolves a name once and hands on its addresses only if every one of them may be called."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="look-up")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(self._threads, self._look_up, host, port)
        if not all(egress.allowed(host, address) for address in addresses):
            raise EgressRefused("the name leads to an address that is not allowed")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class HungUp(Exception):
    """The connection was found closed by the peer before anything was written to it."""


class Request(aiohttp.ClientRequest):
    """A request that knows whether any of it was handed to the socket."""

    is_written = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if is_hung_up(conn):
            raise HungUp
        response = await super().send(conn)
        # Without a body everything was written just now; with one, `write_bytes` does it all.
        self.is_written = self.is_written or not self.body
        return response

    async def write_bytes(
        self,
        writer: aiohttp.abc.AbstractStreamWriter,
        conn: Connection,
        content_length: int | None = None,
    ) -> None:
        transport = conn.transport
        self.is_written = transport is not None and not transport.is_closing()
        await super().write_bytes(writer, conn, content_length)


def is_hung_up(conn: Connection) -> bool:
    """Whether the peer has closed a connection, asked of the socket: the loop may not know yet."""
    transport = conn.transport
    if transport is None or transport.is_closing():
        return True
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), HUNG_UP)
    return bool(poll.poll(0))
