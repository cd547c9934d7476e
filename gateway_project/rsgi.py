"""The application that the web server runs, by granian's own interface (RSGI).

One event loop in each process receives the bodies and sends the answers, so that callers who take
their time cost no thread; Django works, as a WSGI application, on the threads of the front door.
"""

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from gateway_project.lib import collecting, observing
from gateway_project.lib.bodies import BodyReceiver
from gateway_project.lib.turns import Answer, Environ, Streamed
from gateway_project.operations.front_door import FrontDoor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

logger = logging.getLogger(__name__)

PATIENCE_MILLISECONDS = 2_000
"""A caller is told to come again rather than kept waiting for a migration's lock, or for a
database server that has fallen silent."""
STREAMS = 32
"""Long answers at once."""
UNREAD_SECONDS = 30.0
"""Who does not read on for so long is not answered any further."""
NO_KEY = ""


class Scope(Protocol):
    """What granian tells of a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Any: ...


class Gatehouse:
    """Django behind the front door."""

    def __init__(self) -> None:
        application = get_wsgi_application()
        self._bodies = BodyReceiver(limit=settings.BODY_LIMIT)
        self._door = FrontDoor(application, threads=settings.WEB_THREADS)
        self._streams = ThreadPoolExecutor(STREAMS, thread_name_prefix="streams")

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        environ = environ_of(scope)
        held = await self._bodies.receive(environ, protocol)
        try:
            answer = await self._door.answer(environ)
        except Exception:
            logger.exception("a request was not answered")
            answer = Answer("500 Internal Server Error", [], b"")
        finally:
            held.give_back()
        await self._respond(protocol, answer)

    async def _respond(self, protocol: Any, answer: Answer) -> None:
        status, headers = int(answer.status[:3]), answer.headers
        if isinstance(answer.body, Streamed):
            transport, loop = protocol.response_stream(status, headers), asyncio.get_running_loop()
            await loop.run_in_executor(self._streams, _stream, loop, transport, answer.body)
        else:
            protocol.response_bytes(status, headers, answer.body)


def environ_of(scope: Scope) -> Environ:
    """The WSGI environ of the request (PEP 3333), without its body.

    A header whose name holds an underscore is left out: it could pass for one with a hyphen, which
    a proxy has set. One whose value is no ASCII is empty, and not absent.
    """
    address, _, _ = scope.client.rpartition(":")
    server, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": address.strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name in scope.headers.keys():  # noqa: SIM118  no mapping
        environ.setdefault(_key(name), "")
    for name, value in scope.headers.items():
        key = _key(name)
        if environ[key]:
            separator = ";" if key == "HTTP_COOKIE" else ","
            value = f"{environ[key]}{separator}{value}"
        environ[key] = value
    environ.pop(NO_KEY, None)
    return environ


def _key(name: str) -> str:
    """Under which a header stands in the environ."""
    if "_" in name:
        return NO_KEY
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _stream(loop: asyncio.AbstractEventLoop, transport: Any, body: Streamed) -> None:
    """Part after part, each once the one before has left. Ends where the caller is gone."""
    with closing(body), suppress(RuntimeError, TimeoutError):
        for part in filter(None, body):
            sent = asyncio.run_coroutine_threadsafe(_send(transport, part), loop)
            sent.result(UNREAD_SECONDS)


async def _send(transport: Any, part: bytes) -> None:
    await transport.send_bytes(part)


def _be_impatient() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    given = options.get("options", "")
    options["options"] = f"{given} -c lock_timeout={PATIENCE_MILLISECONDS}".strip()
    options["tcp_user_timeout"] = min(int(options["tcp_user_timeout"]), PATIENCE_MILLISECONDS)


observing.begin("web")
if not settings.EMBEDDED:
    _be_impatient()
application = Gatehouse()
import_module("gateway_project.checks").refuse_wrong_keys()  # it imports models
collecting.keep_flushing()
