"""Requests take turns: some are at work, some wait, the rest are told so.

A request is answered from the event loop of the web server, and worked on by another thread. So
whoever waits can be answered in time, whatever the work is held up by.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from gateway_project.lib import connections

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Done = TypeVar("Done")

LONG = 256 * 1024
"""A streamed answer that says it is shorter is taken whole: a file of the back office's, say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a WSGI application answered. Its body is whole, but for a `Streamed` one."""

    status: str
    headers: list[tuple[str, str]]
    body: "bytes | Streamed"


class Streamed:
    """A long answer that is still to be made, on a thread that keeps no connection to the database
    afterwards. To be closed by who iterates over it, or instead of that."""

    def __init__(self, response: Iterable[bytes]) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        _close(self._response)
        connections.close()


class NotAnswered(Exception):
    """The application was told to end in the middle of a request."""


class NotBegun(Exception):
    """The request waited for its turn for too long, and is given up."""


class NotDone(Exception):
    """The request is still being worked on."""


class Turn:
    """One request. Either it is worked on, or it is given up before that: whoever is first."""

    def __init__(self, environ: Environ) -> None:
        self._environ: Environ | None = environ
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._came: asyncio.Future[Answer | Exception] = self._loop.create_future()

    def take(self) -> Environ | None:
        """The request, for the first who asks."""
        with self._lock:
            environ, self._environ = self._environ, None
        return environ

    async def answer(self, *, begun_within: float, within: float | None) -> Answer:
        """Raises NotBegun, NotDone, and what the application has raised. Times are in seconds."""
        timers = [self._loop.call_later(begun_within, self._give_up)]
        if within is not None:
            timers.append(self._loop.call_later(within, self._settle, NotDone()))
        try:
            came = await self._came
        finally:
            for timer in timers:
                timer.cancel()
        if isinstance(came, Exception):
            raise came
        return came

    def end(self, came: Answer | Exception) -> None:
        """From the thread that has worked on it."""
        with suppress(RuntimeError):  # the process is about to end
            self._loop.call_soon_threadsafe(self._settle, came)

    def _give_up(self) -> None:
        if self.take() is not None:
            self._settle(NotBegun())

    def _settle(self, came: Answer | Exception) -> None:
        if not self._came.done():
            self._came.set_result(came)


class Pool(Protocol):
    """What a line's requests are worked on by: an Executor's threads, or fibers."""

    def submit(self, do: Callable[[Turn], None], turn: Turn, /) -> object:
        """May raise RuntimeError where the process is about to end."""


class Line:
    """Requests that share a pool. What is in it is bounded, what is given up included."""

    def __init__(self, application: Application, pool: Pool, *, most: int) -> None:
        self._application, self._pool = application, pool
        self._places = threading.BoundedSemaphore(most)

    def enter(self, environ: Environ) -> Turn | None:
        """None where too many are in it already, or none is taken any more."""
        if not self._places.acquire(blocking=False):
            return None
        turn = Turn(environ)
        try:
            self._pool.submit(self._serve, turn)
        except RuntimeError:  # the process is about to end
            self._places.release()
            return None
        return turn

    def _serve(self, turn: Turn) -> None:
        environ = turn.take()
        try:
            if environ is not None:
                turn.end(outcome_of(partial(answer_of, self._application, environ)))
        finally:
            self._places.release()


def outcome_of(do: Callable[[], Done]) -> Done | Exception:
    """What it answers or raises. In a context of its own: what it leaves there is not that of the
    thread's next work."""
    try:
        return Context().run(do)
    except Exception as error:  # noqa: BLE001  it is raised where the answer is waited for
        return error
    except BaseException as error:  # noqa: BLE001  raised there, it would end the event loop
        return NotAnswered(type(error).__name__)


def answer_of(application: Application, environ: Environ) -> Answer:
    begun: list[Any] = []
    response = application(environ, lambda status, headers, *_: begun.append((status, headers)))
    status, headers = begun[-1] if begun else ("500 Internal Server Error", [])
    if getattr(response, "streaming", False) and _length(headers) > LONG:
        return Answer(status, headers, Streamed(response))
    try:
        return Answer(status, headers, b"".join(response))
    finally:
        _close(response)


def _length(headers: list[tuple[str, str]]) -> float:
    """Endless where the answer does not say how long it is."""
    for name, value in headers:
        if name.lower() == "content-length":
            return int(value)
    return float("inf")


def _close(response: Any) -> None:
    if hasattr(response, "close"):
        response.close()
