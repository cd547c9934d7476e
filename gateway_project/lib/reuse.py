"""Reuse: a call over a connection that is kept already, without what aiohttp does around one.

A client that may follow redirects, keep cookies, ask proxies and stream costs several times the
exchange itself. Connections are made and TLS is spoken by aiohttp, and its parser reads the answer;
where no connection is kept, aiohttp does all of it. What is written is what it would write.
"""

from collections.abc import Mapping

import aiohttp
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from yarl import URL

from gateway_project.lib.session import USER_AGENT, Trust, is_hung_up
from gateway_project.lib.transport import HttpAnswer, HttpCall

LARGEST_BODY = 64 * 1024
"""Above, a peer that reads slowly is to be waited for while it is written."""
WITHOUT_LENGTH = frozenset({"GET", "HEAD"})
"""Where there is no body."""
METHODS = WITHOUT_LENGTH | {"POST", "PUT", "PATCH", "DELETE"}
ADDED = {str(name): value for name, value in ClientRequest.DEFAULT_HEADERS.items()}
BUFFERED = 64 * 1024
UNTYPED = "application/octet-stream"


async def kept_connection(
    session: aiohttp.ClientSession, call: HttpCall, url: URL, trust: Trust
) -> Connection | None:
    """One that is kept for such calls and lives; None where there is none, or the call is not one
    to be made so."""
    connector = session.connector
    if connector is None or call.method not in METHODS or len(call.body) > LARGEST_BODY:
        return None
    key = ConnectionKey(
        host=url.raw_host or "",
        port=url.port,
        is_ssl=url.scheme == "https",
        ssl=trust,
        proxy=None,
        proxy_auth=None,
        proxy_headers_hash=None,
        server_hostname=None,
    )
    while (connection := await connector._get(key, [])) is not None:
        # What came unasked would be taken for an answer.
        has_spoken = connection.protocol is None or connection.protocol.should_close
        if not has_spoken and not is_hung_up(connection):
            return connection
        connection.close()
    return None


def write(connection: Connection, call: HttpCall, url: URL) -> None:
    """Hands the whole request to the socket."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or transport.is_closing():
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(
        skip_payload=call.method == "HEAD", read_until_eof=True, read_bufsize=BUFFERED
    )
    transport.write(written(call, url))


def written(call: HttpCall, url: URL) -> bytes:
    """The whole request, as it goes to the socket."""
    head = [f"{call.method} {url.raw_path_qs} HTTP/1.1", f"Host: {url.host_port_subcomponent}"]
    head += [f"{name}: {value}" for name, value in _headers(call).items()]
    return "\r\n".join((*head, "", "")).encode() + call.body


def _headers(call: HttpCall) -> Mapping[str, str]:
    """Those of the call, and those that aiohttp adds where they are not among them."""
    given = {name.lower() for name in call.headers}
    added = {"User-Agent": USER_AGENT, **ADDED}
    if call.body or call.method not in WITHOUT_LENGTH:
        added["Content-Length"] = str(len(call.body))
    if call.body or call.method in ClientRequest.POST_METHODS:
        added["Content-Type"] = UNTYPED
    return {
        **{name: value for name, value in added.items() if name.lower() not in given},
        **call.headers,
    }


async def answer_over(connection: Connection, call: HttpCall) -> HttpAnswer:
    """What is answered to what was written, whole or cut at the cap; then the connection is kept
    on, or closed where there is more on it."""
    protocol = connection.protocol
    if protocol is None:
        raise aiohttp.ServerDisconnectedError
    while True:
        message, content = await protocol.read()
        if message.code >= 200 or message.code == 101:
            break
    body = bytearray()
    while len(body) <= call.read_cap and (chunk := await content.readany()):
        body += chunk
    is_cut = len(body) > call.read_cap
    if is_cut:
        connection.close()
    else:
        connection.release()
    return HttpAnswer(
        status=message.code,
        headers={name.lower(): value for name, value in message.headers.items()},
        body=bytes(body[: call.read_cap]),
        is_cut=is_cut,
    )
