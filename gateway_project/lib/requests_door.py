"""The door out for libraries that speak through requests: guarded, bounded, never repeated.

What fails before anything was written raises `NotSent` (or `EgressRefused`); whatever requests
raises by itself came later.
"""

import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from gateway_project.lib.conversations import within
from gateway_project.lib.dialling import dial
from gateway_project.lib.tls import certificate_fault, new_context
from gateway_project.lib.transport import READ_CAP, NoAnswer, NotSent, NotTrusted

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
"""How long one read waits, and how long the reading of a whole body may take."""
CALL_SECONDS = 45.0
"""How long a call may take in all: connecting, writing, and an answer whose head comes slowly."""
CHUNK = 64 * 1024


class GuardedConnection(HTTPConnection):
    """Connects to a checked address; Host stays the name that was asked for."""

    def _new_conn(self) -> Any:
        return dial(self._dns_host, self.port, self.timeout)

    def connect(self) -> None:
        failure: NotSent
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            failure = NotTrusted(certificate_fault(error))
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
    """`authority`: whom it trusts instead of the system's authorities, in PEM."""

    def __init__(self, authority: str = "") -> None:
        # Its own: urllib3 writes into it.
        self._context = new_context(authority)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedTlsPool}

    def cert_verify(self, conn: Any, *args: Any, **kwargs: Any) -> None:
        """Leaves it to the context: requests would add a bundle of authorities of its own."""
        conn.cert_reqs = "CERT_REQUIRED"


class GuardedSession(requests.Session):
    """Follows no redirect and no proxy of the environment; reads a bounded answer.

    `authority` are certificates in PEM: where there are any, no others are trusted.
    """

    def __init__(self, authority: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", GuardedAdapter())
        self.mount("https://", GuardedAdapter(authority))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests reads all that comes with a redirect, even with one not followed."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs |= {
            "allow_redirects": False,
            "proxies": {},
            "stream": True,
            "verify": True,
            "timeout": (CONNECT_SECONDS, READ_SECONDS),
        }
        with within(CALL_SECONDS):
            response = super().send(request, **kwargs)
            response._content = _read(response)
        return response


def _read(response: requests.Response) -> bytes:
    """The whole body. Raises NoAnswer where it is too long, too slow or broken."""
    body = bytearray()
    try:
        with within(READ_SECONDS):
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > READ_CAP:
                    raise NoAnswer("the answer is too long")
        return bytes(body)
    except (HTTPError, OSError):
        failure = NoAnswer("the answer is cut short or broken")
    finally:
        response.close()
    raise failure
