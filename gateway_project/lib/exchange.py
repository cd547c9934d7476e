"""One exchange over HTTP on an asyncio loop: guarded, bounded, and never repeated.

Whether anything was written decides what a failure means: `NotSent` may be tried again at once,
`NoAnswer` may already have been acted upon.
"""

import asyncio
import os
import re
import select
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from yarl import URL

from gateway_project.lib import egress
from gateway_project.lib.transport import (
    EgressRefused,
    HttpAnswer,
    HttpCall,
    NoAnswer,
    NotSent,
    TransportError,
)

USER_AGENT = "Gatehouse"
CONNECT_SECONDS = 5.0
KEEP_SECONDS = 4.0
"""Servers commonly drop an idle connection after five: it is left before they do, because a request
written while the other side hangs up is one of which nobody knows whether it was read."""
LIVE_CONNECTION_TRIES = 3
LOOK_UP_THREADS = 16
UNFIT_FOR_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
UNFIT_FOR_A_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
FRAMING_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
HUNG_UP = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
CERTIFICATE_FAULTS = {
    9: "is not yet valid",
    10: "has expired",
    18: "is self-signed",
    19: "is signed by an unknown authority",
    20: "is signed by an unknown authority",
    62: "is for another host",
    64: "is for another address",
}
"""By OpenSSL's verify code; its own words name the host."""

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
        request_class=_Request,
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


async def exchange(session: aiohttp.ClientSession, call: HttpCall) -> HttpAnswer:
    """Performs one call; raises a TransportError, with nothing chained to it."""
    return await _Exchange(call).perform(session)


class _Exchange:
    """One call, and the request that aiohttp made of it."""

    __slots__ = ("call", "request")

    def __init__(self, call: HttpCall) -> None:
        self.call = call
        self.request: _Request | None = None

    async def perform(self, session: aiohttp.ClientSession) -> HttpAnswer:
        call = self.call
        try:
            async with session.request(
                call.method,
                _checked_url(call.url),
                headers=_checked_headers(call.headers),
                data=call.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=call.timeout, connect=min(CONNECT_SECONDS, call.timeout)
                ),
                middlewares=(self._send,),
            ) as response:
                return await _read(response, call.read_cap)
        except TransportError as error:
            # Anew: all who wait for one look-up are handed the same error.
            failure = type(error)(*error.args)
        except asyncio.CancelledError:
            failure = self._failure("the client was closed")
        except TimeoutError:
            failure = self._failure("timed out")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = self._failure(_cause(error))
        # Raised outside of the handlers: what is chained to an error shows URLs in a traceback.
        raise failure

    async def _send(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Sends on a connection that lives. Failures leave in our words, which aiohttp takes for
        none of those after which it would send a GET a second time."""
        self.request = request if isinstance(request, _Request) else None
        cause = "the peer hangs up"
        for _ in range(LIVE_CONNECTION_TRIES):
            try:
                return await handler(request)
            except _HungUp:
                continue
            except (aiohttp.ClientError, OSError) as error:
                cause = _cause(error)
                break
        raise self._failure(cause)

    def _failure(self, cause: str) -> TransportError:
        is_written = self.request is not None and self.request.is_written
        return NoAnswer(cause) if is_written else NotSent(cause)


class _HungUp(Exception):
    """The connection was found closed by the peer before anything was written to it."""


class _Request(aiohttp.ClientRequest):
    """A request that knows whether any of it was handed to the socket."""

    is_written = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if _is_hung_up(conn):
            raise _HungUp
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


def _is_hung_up(conn: Connection) -> bool:
    """Whether the peer has closed a connection, asked of the socket: the loop may not know yet."""
    transport = conn.transport
    if transport is None or transport.is_closing():
        return True
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), HUNG_UP)
    return bool(poll.poll(0))


def _checked_url(text: str) -> URL:
    """The URL as it will be requested, host checked. Raises NotSent."""
    url = None
    if not UNFIT_FOR_A_URL.search(text):
        try:
            url = URL(text, encoded=True)
            if url.raw_host and not url.raw_host.isascii():
                url = url.with_host(url.raw_host)
        except ValueError:
            url = None
    if url is None or url.scheme not in ("http", "https") or not url.raw_host or url.raw_user:
        raise NotSent("the URL is not valid")
    egress.check_url_host(url.raw_host)
    return url


def _checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers as they were given. Raises NotSent."""
    for name, value in headers.items():
        if name.lower() in FRAMING_HEADERS or UNFIT_FOR_A_HEADER.search(f"{name}{value}"):
            raise NotSent("a header is not valid")
    return headers


async def _read(response: aiohttp.ClientResponse, cap: int) -> HttpAnswer:
    """The whole answer, or its beginning; a connection with more on it is not kept."""
    body = bytearray()
    while len(body) <= cap and (chunk := await response.content.readany()):
        body += chunk
    is_cut = len(body) > cap
    if is_cut:
        response.close()
    return HttpAnswer(
        status=response.status,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body[:cap]),
        is_cut=is_cut,
    )


def _cause(error: Exception) -> str:
    """What went wrong, in words of our own: the library's quote URLs, names and answers."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            code = getattr(error.certificate_error, "verify_code", 0)
            return f"the certificate {CERTIFICATE_FAULTS.get(code, 'is not trusted')}"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "TLS failed"
        case aiohttp.ServerDisconnectedError():
            return "the peer hung up"
        case TimeoutError():
            return "timed out"
        case aiohttp.ClientPayloadError():
            return "the answer is cut short or broken"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case ValueError():
            return "the request is not valid"
        case _:
            return "no connection"
