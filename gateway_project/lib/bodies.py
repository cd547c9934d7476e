"""Request bodies, received whole before Django looks at them: chunked ones too, and none for ever.

The web server hands over a stream that blocks for as long as the caller likes and that just ends
where the caller has gone away. A caller gets `SECONDS`, on a thread that is not the request's own.
"""

from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

SECONDS = 10.0
READERS = 128
DISCARDED_BYTES = 64 * 1024 * 1024
PART_BYTES = 64 * 1024

Environ = MutableMapping[str, Any]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BodyCut(OSError):
    """The body came too slowly or not whole."""


class _Unreadable:
    """Stands for a body that was cut; Django turns its error into an UnreadablePostError."""

    def read(self, size: int = -1) -> bytes:
        raise BodyCut("the request body was not received")

    readline = read


class BodyReceiver:
    """A WSGI application around another one, which then reads bodies from memory.

    What is over `limit` is read and thrown away, since a caller hears no answer while it is still
    sending. The application refuses it by its length, which for a chunked one is `limit` + 1.
    """

    def __init__(self, application: Application, *, limit: int, seconds: float = SECONDS) -> None:
        self._application = application
        self._limit = limit
        self._seconds = seconds
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="body")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        length = _announced_length(environ)
        if length is None or length > 0:
            self._receive(environ, length)
        return self._application(environ, start_response)

    def _receive(self, environ: Environ, length: int | None) -> None:
        read = environ["wsgi.input"].read
        try:
            body = self._readers.submit(self._read, read, length).result(self._seconds)
        except (OSError, TimeoutError):
            environ["wsgi.input"] = _Unreadable()
            environ.setdefault("CONTENT_LENGTH", "1")
        else:
            environ["wsgi.input"] = BytesIO(body)
            environ.setdefault("CONTENT_LENGTH", str(len(body)))
        environ.pop("HTTP_TRANSFER_ENCODING", None)

    def _read(self, read: Callable[[int], bytes], length: int | None) -> bytes:
        if length is not None and length > self._limit:
            _discard(read)
            return b""
        body = read(self._limit + 1 if length is None else length)
        if length is not None and len(body) < length:
            raise BodyCut
        if len(body) > self._limit:
            _discard(read)
        return body


def _discard(read: Callable[[int], bytes]) -> None:
    for _ in range(DISCARDED_BYTES // PART_BYTES):
        if not read(PART_BYTES):
            return


def _announced_length(environ: Environ) -> int | None:
    """The body's length; None where it comes in chunks."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        environ.pop("CONTENT_LENGTH", None)
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0
