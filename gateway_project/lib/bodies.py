"""Request bodies, received whole before Django looks at them: chunked ones too, and none for ever.

A body comes in parts, as fast as its caller likes. Granian ends it by one empty part, and one that
was cut by two: no other word is said of it. (A body in chunks with trailers behind it is taken for
one that was cut.) A caller gets `SECONDS`, and takes no thread meanwhile. All of it happens in one
event loop.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, MutableMapping
from io import BytesIO
from typing import Any

SECONDS = 10.0
WAITED_FOR = 1024
"""Bodies at once, fewer than there are connections: who holds a body back takes none of those that
liveness needs, or those who are told to come again."""
HELD_BYTES = 96 * 1024 * 1024
"""Of bodies in memory, in each process."""
NO_ROOM = "gatehouse.no_room"
"""Stands in the environ of a request whose body had no room, or too many were waited for."""
DISCARDED_BYTES = 64 * 1024 * 1024

Environ = MutableMapping[str, Any]


class BodyCut(OSError):
    """The body came too slowly or not whole."""


class BodiesFull(Exception):
    """There is no room for another body at this moment."""


class Room:
    """So many bytes, shared by all bodies that are being received or worked on."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> None:
        """Raises BodiesFull."""
        if size > self._left:
            raise BodiesFull
        self._left -= size

    def give_back(self, size: int) -> None:
        self._left += size


class Held:
    """The part of the room that one body has, until it is given back."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def take(self, size: int) -> None:
        """Raises BodiesFull."""
        self._room.take(size)
        self._size += size

    def give_back(self) -> None:
        self._room.give_back(self._size)
        self._size = 0


class _Unreadable:
    """Stands for a body that was cut; Django turns its error into an UnreadablePostError."""

    def read(self, size: int = -1) -> bytes:
        raise BodyCut("the request body was not received")

    readline = read


class BodyReceiver:
    """Puts the body of a request into its environ.

    What is over `limit` is read and thrown away, since a caller hears no answer while it is still
    sending. The application refuses it by its length, which for a chunked one is `limit` + 1.
    """

    def __init__(
        self,
        *,
        limit: int,
        seconds: float = SECONDS,
        held_bytes: int = HELD_BYTES,
        waited_for: int = WAITED_FOR,
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._room = Room(held_bytes)
        self._places = waited_for

    async def receive(self, environ: Environ, parts: AsyncIterable[bytes]) -> Held:
        """`wsgi.input` reads from memory then, until what is answered has been given back."""
        held = Held(self._room)
        length = _announced_length(environ)
        if length == 0:
            environ["wsgi.input"] = BytesIO()
            return held
        try:
            body = await self._wait_for(aiter(parts), length, held)
        except BodiesFull:
            environ[NO_ROOM] = True
            environ["wsgi.input"] = BytesIO()
        except (OSError, RuntimeError, TimeoutError):  # cut, by whom ever
            environ["wsgi.input"] = _Unreadable()
            environ.setdefault("CONTENT_LENGTH", "1")
        else:
            environ["wsgi.input"] = BytesIO(body)
            environ.setdefault("CONTENT_LENGTH", str(len(body)))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return held

    async def _wait_for(self, parts: AsyncIterator[bytes], length: int | None, held: Held) -> bytes:
        """The body. Raises BodiesFull, at once where too many others are waited for."""
        if not self._places:
            raise BodiesFull
        self._places -= 1
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(parts, length, held)
        finally:
            self._places += 1

    async def _read(self, parts: AsyncIterator[bytes], length: int | None, held: Held) -> bytes:
        if length is not None and length > self._limit:
            await _discard(parts)
            return b""
        try:
            body = await _joined(parts, self._limit + 1 if length is None else length, held)
        except BodiesFull:
            await _discard(parts)
            raise
        if length is not None and len(body) < length:
            raise BodyCut
        if len(body) > self._limit:
            await _discard(parts)
            return body[: self._limit + 1]
        return body


async def _joined(parts: AsyncIterator[bytes], most: int, held: Held) -> bytes:
    """Until so many bytes have come, or no more; each part in its own room. Raises BodyCut."""
    joined: list[bytes] = []
    size = ends = 0
    while size < most and (part := await _next(parts)) is not None:
        held.take(len(part))
        joined.append(part)
        size += len(part)
        ends += not part
    if ends > 1:
        raise BodyCut
    return joined[0] if len(joined) == 1 else b"".join(joined)


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    """The next part; None behind the last. (`anext` cannot be cancelled while granian waits.)"""
    try:
        return await parts.__anext__()
    except StopAsyncIteration:
        return None


async def _discard(parts: AsyncIterator[bytes]) -> None:
    size = 0
    while (part := await _next(parts)) is not None:
        size += len(part)
        if size > DISCARDED_BYTES:
            return


def _announced_length(environ: Environ) -> int | None:
    """The body's length; None where it comes in chunks."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        environ.pop("CONTENT_LENGTH", None)
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0
