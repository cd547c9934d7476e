"""One exchange over HTTP on an asyncio loop: guarded, bounded, and never repeated.

Whether anything was written decides what a failure means: `NotSent` may be tried again at once,
`NoAnswer` may already have been acted upon.
"""

import asyncio
import os
import re
import ssl
from collections.abc import Mapping

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from gateway_project.lib import egress
from gateway_project.lib.reuse import answer_over, kept_connection, write
from gateway_project.lib.session import HungUp, Request
from gateway_project.lib.tls import certificate_fault, trusting
from gateway_project.lib.transport import (
    FRAMING_HEADERS,
    HttpAnswer,
    HttpCall,
    NoAnswer,
    NotSent,
    NotTrusted,
    TransportError,
)

CONNECT_SECONDS = 5.0
LIVE_CONNECTION_TRIES = 3
UNFIT_FOR_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
UNFIT_FOR_A_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


async def exchange(session: aiohttp.ClientSession, call: HttpCall) -> HttpAnswer:
    """Performs one call; raises a TransportError, with nothing chained to it."""
    return await _Exchange(call).perform(session)


class _Exchange:
    """One call, and the request that aiohttp made of it."""

    __slots__ = ("call", "is_written", "request")

    def __init__(self, call: HttpCall) -> None:
        self.call = call
        self.request: Request | None = None
        self.is_written = False

    async def perform(self, session: aiohttp.ClientSession) -> HttpAnswer:
        call = self.call
        try:
            url, headers = _checked_url(call.url), _checked_headers(call.headers)
            trust = trusting(call.authority) if call.authority else True
            if connection := await kept_connection(session, call, url, trust):
                return await self._perform_over(connection, url)
            async with session.request(
                call.method,
                url,
                headers=headers,
                data=call.body or None,
                allow_redirects=False,
                ssl=trust,
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
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            failure = self._failure(_cause(error), _kind(error))
        # Raised outside of the handlers: what is chained to an error shows URLs in a traceback.
        raise failure

    async def _perform_over(self, connection: Connection, url: URL) -> HttpAnswer:
        try:
            async with asyncio.timeout(self.call.timeout):
                write(connection, self.call, url)
                self.is_written = True
                return await answer_over(connection, self.call)
        finally:
            connection.close()  # unless it was released

    async def _send(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Sends on a connection that lives. Failures leave in our words, which aiohttp takes for
        none of those after which it would send a GET a second time."""
        self.request = request if isinstance(request, Request) else None
        cause, kind = "the peer hangs up", NotSent
        for _ in range(LIVE_CONNECTION_TRIES):
            try:
                return await handler(request)
            except HungUp:
                continue
            except (aiohttp.ClientError, OSError) as error:
                cause, kind = _cause(error), _kind(error)
                break
        raise self._failure(cause, kind)

    def _failure(self, cause: str, kind: type[NotSent] = NotSent) -> TransportError:
        is_written = self.is_written or (self.request is not None and self.request.is_written)
        return NoAnswer(cause) if is_written else kind(cause)


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


def _kind(error: Exception) -> type[NotSent]:
    """What it was, if nothing had been written."""
    is_distrust = isinstance(error, aiohttp.ClientConnectorCertificateError)
    return NotTrusted if is_distrust else NotSent


def _cause(error: Exception) -> str:
    """What went wrong, in words of our own: the library's quote URLs, names and answers."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            return certificate_fault(error.certificate_error)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "TLS failed"
        case aiohttp.ServerDisconnectedError():
            return "the peer hung up"
        case TimeoutError():
            return "timed out"
        case aiohttp.ClientPayloadError():
            return "the answer is cut short or broken"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "the answer is not HTTP"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case ValueError():
            return "the request is not valid"
        case _:
            return "no connection"
