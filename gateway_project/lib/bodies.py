"""Request bodies, received whole before Django looks at them: chunked ones too, and none for ever.

The web server hands over a stream that blocks for as long as the caller likes and that just ends
where the caller has gone away. A caller gets `SECONDS`, on a thread that is not the request's own.
"""

import threading
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

SECONDS = 10.0
WAITED_FOR = 128
"""Bodies at once, far fewer than the web server has threads: who holds a body back takes none that
liveness needs, or those who are told to come again."""
READERS = 1024
"""As many as there are connections: the web server has no time limit for a body, so who never ends
keeps a reader for as long as it stays."""
HELD_BYTES = 96 * 1024 * 1024
"""Of bodies in memory, in each process."""
NO_ROOM = "gatehouse.no_room"
"""Stands in the environ of a request whose body had no room, or too many were waited for."""
DISCARDED_BYTES = 64 * 1024 * 1024
PART_BYTES = 64 * 1024

Environ = MutableMapping[str, Any]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BodyCut(OSError):
    """The body came too slowly or not whole."""


class BodiesFull(Exception):
    """There is no room for another body at this moment."""


class Room:
    """So many bytes, shared by all bodies that are being received or worked on."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Raises BodiesFull."""
        with self._lock:
            if size > self._left:
                raise BodiesFull
            self._left -= size

    def give_back(self, size: int) -> None:
        with self._lock:
            self._left += size


class _Held:
    """The part of the room that one body has, until it is given back."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0
        self._is_over = False
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Raises BodyCut where nobody waits for this body any more, and BodiesFull."""
        with self._lock:
            if self._is_over:
                raise BodyCut
            self._room.take(size)
            self._size += size

    def give_back(self) -> None:
        with self._lock:
            self._room.give_back(self._size)
            self._is_over = True


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

    def __init__(
        self,
        application: Application,
        *,
        limit: int,
        seconds: float = SECONDS,
        held_bytes: int = HELD_BYTES,
        waited_for: int = WAITED_FOR,
    ) -> None:
        self._application = application
        self._limit = limit
        self._seconds = seconds
        self._room = Room(held_bytes)
        self._places = threading.BoundedSemaphore(waited_for)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="body")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        length = _announced_length(environ)
        if length == 0:
            return self._application(environ, start_response)
        held = _Held(self._room)
        try:
            self._receive(environ, length, held)
            return self._application(environ, start_response)
        finally:
            held.give_back()

    def _receive(self, environ: Environ, length: int | None, held: _Held) -> None:
        try:
            body = self._wait_for(environ["wsgi.input"].read, length, held)
        except (BodiesFull, RuntimeError):  # the latter where the process is about to end
            environ[NO_ROOM] = True
            environ["wsgi.input"] = BytesIO()
        except (OSError, TimeoutError):
            environ["wsgi.input"] = _Unreadable()
            environ.setdefault("CONTENT_LENGTH", "1")
        else:
            environ["wsgi.input"] = BytesIO(body)
            environ.setdefault("CONTENT_LENGTH", str(len(body)))
        environ.pop("HTTP_TRANSFER_ENCODING", None)

    def _wait_for(self, read: Callable[[int], bytes], length: int | None, held: _Held) -> bytes:
        """The body. Raises BodiesFull, at once where too many others are waited for."""
        if not self._places.acquire(blocking=False):
            raise BodiesFull
        try:
            return self._readers.submit(self._read, read, length, held).result(self._seconds)
        finally:
            self._places.release()

    def _read(self, read: Callable[[int], bytes], length: int | None, held: _Held) -> bytes:
        if length is not None and length > self._limit:
            _discard(read)
            return b""
        try:
            body = _parts(read, self._limit + 1 if length is None else length, held)
        except BodiesFull:
            _discard(read)
            raise
        if length is not None and len(body) < length:
            raise BodyCut
        if len(body) > self._limit:
            _discard(read)
        return body


def _parts(read: Callable[[int], bytes], most: int, held: _Held) -> bytes:
    """Up to so many bytes, each part in its own room."""
    parts: list[bytes] = []
    left = most
    while left and (part := read(min(left, PART_BYTES))):
        held.take(len(part))
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


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
