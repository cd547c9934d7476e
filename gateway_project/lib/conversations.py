"""Conversations: what is said to a peer in one go ends by a moment, however slowly it answers, and
after so many bytes, however fast.

A timeout of a socket is about one read, and begins anew with every byte. A peer that drips is
bounded by nothing but the moment at which the whole conversation has to be over; one that pours, by
what is listened to, where a library keeps all of it.
"""

import math
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


class TooMuchSaid(ConnectionError):
    """The peer goes on for longer than anybody listens."""


@dataclass(slots=True)
class _Ears:
    """How many more bytes are listened to."""

    left: float = math.inf

    def hear(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TooMuchSaid("the peer said too much")


_until = ContextVar("_until", default=math.inf)
_ears: ContextVar[_Ears | None] = ContextVar("_ears", default=None)


@contextmanager
def within(seconds: float, *, most_heard: float = math.inf) -> Iterator[None]:
    """What the sockets below read and write inside raises TimeoutError once so long has passed,
    and TooMuchSaid when they have read more than so many bytes.

    Inside another conversation the earlier end counts, and the bytes of the inner one.
    """
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    ears = _ears.set(_Ears(most_heard))
    try:
        yield
    finally:
        _ears.reset(ears)
        _until.reset(token)


def _hear(count: int) -> None:
    if (ears := _ears.get()) is not None:
        ears.hear(count)


def seconds_left() -> float:
    """Of the present conversation; infinite outside of one. TimeoutError when it is over."""
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("the conversation took too long")
    return left


@contextmanager
def _in_time(sock: socket.socket) -> Iterator[None]:
    """Lets a call wait no longer than the conversation lasts."""
    left, patience = seconds_left(), sock.gettimeout()
    if left == math.inf or (patience is not None and patience <= left):
        yield
        return
    sock.settimeout(left)
    try:
        yield
    finally:
        if sock.fileno() >= 0:
            sock.settimeout(patience)


class BoundedSocket(socket.socket):
    """Waits no longer than the conversation lasts."""

    def recv(self, *args: Any) -> bytes:
        with _in_time(self):
            heard = super().recv(*args)
        _hear(len(heard))
        return heard

    def recv_into(self, *args: Any) -> int:
        with _in_time(self):
            count = super().recv_into(*args)
        _hear(count)
        return count

    def send(self, *args: Any) -> int:
        with _in_time(self):
            return super().send(*args)

    def sendall(self, *args: Any) -> None:
        with _in_time(self):
            super().sendall(*args)


class BoundedTls(ssl.SSLSocket):
    """The same inside TLS, the handshake included. (All other reads and writes come here.)"""

    def read(self, *args: Any) -> Any:
        """Bytes, or how many of them were read into a buffer that was given."""
        with _in_time(self):
            heard = super().read(*args)
        _hear(heard if isinstance(heard, int) else len(heard))
        return heard

    def send(self, *args: Any) -> int:
        with _in_time(self):
            return super().send(*args)

    def do_handshake(self, *args: Any) -> None:
        with _in_time(self):
            super().do_handshake(*args)


def bounded(sock: socket.socket) -> BoundedSocket:
    """The same connection as one of ours, with its timeout; `sock` itself is of no use then."""
    timeout = sock.gettimeout()
    ours = BoundedSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
    ours.settimeout(timeout)
    return ours
