"""Real peers on loopback: HTTP servers that record requests and answer as they are told."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """One request that a peer was sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What a peer answers. `hang_up`: reads the request, then closes without an answer."""

    status: int = 200
    body: bytes | str | dict | list = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    delay: float = 0.0


class Server(ThreadingHTTPServer):
    """Lets as many connect at once as a test may: what overflows the line is lost for seconds."""

    daemon_threads = True
    request_queue_size = 512


class HttpPeer:
    """An HTTP/1.1 server with kept connections. `respond` is given each request.

    With a `certificate` (and its key, in one file) it speaks TLS, as localhost.
    """

    def __init__(
        self,
        respond: Callable[[Asked], Answer] | None = None,
        certificate: Path | None = None,
    ) -> None:
        self.asked: list[Asked] = []
        self.respond = respond or (lambda asked: Answer())
        self.arrived = threading.Condition()
        self.closing = threading.Event()
        self.server = Server(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = f"https://localhost:{self.port}"

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Asked]:
        """The requests so far, once there are `count` of them."""
        with self.arrived:
            came = self.arrived.wait_for(lambda: len(self.asked) >= count, timeout)
        assert came, f"{len(self.asked)} of {count} requests came within {timeout} s"
        return list(self.asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                asked = Asked(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                )
                answer = peer.respond(asked)
                with peer.arrived:
                    peer.asked.append(asked)
                    peer.arrived.notify_all()
                peer.closing.wait(answer.delay)
                if answer.hang_up:
                    self.close_connection = True
                    return
                body = answer.body
                if isinstance(body, dict | list):
                    body = json.dumps(body)
                data = body.encode() if isinstance(body, str) else body
                has_date = "Date" in answer.headers
                begin = self.send_response_only if has_date else self.send_response
                begin(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@contextmanager
def http_peer(
    respond: Callable[[Asked], Answer] | None = None, certificate: Path | None = None
) -> Iterator[HttpPeer]:
    """A running peer; it is gone when the block ends."""
    peer = HttpPeer(respond, certificate)
    thread = threading.Thread(target=peer.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.closing.set()
        peer.server.shutdown()
        peer.server.server_close()
        thread.join(5)
