"""The application that the web server runs, by granian's own interface (RSGI).

One event loop in each process receives the bodies and sends the answers, so that callers who take
their time cost no thread; Django works, as a WSGI application, on the threads of the front door.
"""

import logging
import os
import sys
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from gateway_project.lib import collecting, observing
from gateway_project.lib.answering import Answering
from gateway_project.lib.bodies import BodyReceiver
from gateway_project.lib.call_handler import CallHandler
from gateway_project.lib.turns import Answer, Environ
from gateway_project.operations.front_door import FrontDoor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

logger = logging.getLogger(__name__)

PATIENCE_MILLISECONDS = 2_000
"""A caller is told to come again rather than kept waiting for a migration's lock, or for a
database server that has fallen silent."""
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
        pages = get_wsgi_application()
        self._bodies = BodyReceiver(limit=settings.BODY_LIMIT)
        self._door = FrontDoor(pages=pages, calls=CallHandler(pages), threads=settings.WEB_THREADS)
        self._answering = Answering(settings.DATA_DIR)

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
        await self._answering.respond(protocol, answer)


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
