"""The door out for libraries that speak through requests: guarded, bounded, never repeated.

What fails before anything was written raises `NotSent` (or `EgressRefused`); whatever requests
raises by itself came later.
"""

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from gateway_project.lib.dialling import dial
from gateway_project.lib.transport import READ_CAP, NoAnswer, NotSent

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
"""How long one read waits, and about how long the reading of a whole answer may take."""
CHUNK = 64 * 1024


class GuardedConnection(HTTPConnection):
    """Connects to a checked address; Host stays the name that was asked for."""

    def _new_conn(self) -> Any:
        return dial(self._dns_host, self.port, self.timeout)

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError):
            failure = NotSent("no connection, or TLS failed")
        else:
            return
        raise failure


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """The same inside TLS, whose certificate must be for the name."""


class GuardedPool(HTTPConnectionPool):
    ConnectionCls = GuardedConnection


class GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = GuardedTlsConnection


class GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedTlsPool}


class GuardedSession(requests.Session):
    """Follows no redirect and no proxy of the environment; reads a bounded answer."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", GuardedAdapter())
        self.mount("https://", GuardedAdapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs |= {
            "allow_redirects": False,
            "proxies": {},
            "stream": True,
            "timeout": (CONNECT_SECONDS, READ_SECONDS),
        }
        response = super().send(request, **kwargs)
        response._content = _read(response)
        return response


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    until = time.monotonic() + READ_SECONDS
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > READ_CAP or time.monotonic() > until:
            response.close()
            raise NoAnswer("the answer is too long")
    return bytes(body)
