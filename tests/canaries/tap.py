"""A tap on a TCP connection: hands everything on, and keeps what went by."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

CHUNK_BYTES = 65_536


class Tap:
    """Stands before a server. `url` is the server's own, but for the place."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.behind = (parts.hostname or "127.0.0.1", parts.port or 0)
        self.heard = bytearray()
        self.server = _Server(("127.0.0.1", 0), self._handler())
        place = f"127.0.0.1:{self.server.server_address[1]}"
        name = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{name}@{place}" if name else place).geturl()

    @property
    def text(self) -> str:
        return self.heard.decode(errors="replace")

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        tap = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(tap.behind) as behind:
                    back = threading.Thread(target=tap.pass_on, args=(behind, self.request))
                    back.start()
                    tap.pass_on(self.request, behind)
                    back.join()

        return Handler

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        """Until one side closes; then the other is told."""
        try:
            while data := source.recv(CHUNK_BYTES):
                self.heard += data
                target.sendall(data)
        except OSError:
            pass  # a side that is gone: the other is told below
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def tapped(url: str) -> Iterator[Tap]:
    """A tap before the server at that URL, until the block is left."""
    tap = Tap(url)
    thread = threading.Thread(target=tap.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield tap
    finally:
        tap.server.shutdown()
        tap.server.server_close()
