"""Requests take turns: as many as there are threads are at work, some wait, the rest are told so.

A request is answered from the event loop of the web server, and worked on by a thread. So whoever
waits can be answered in time, whatever the work is held up by.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway_project.lib import connections

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

LONG = 256 * 1024
"""A streamed answer that says it is shorter is taken whole: a file of the back office's, say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a WSGI application answered. Its body is whole, but for a `Streamed` one."""

    status: str
    headers: list[tuple[str, str]]
    body: "bytes | Streamed"


class Streamed:
    """A long answer, made while it leaves, on a thread that keeps no connection to the database
    afterwards. To be closed by who iterates over it, or instead of that."""

    def __init__(self, response: Iterable[bytes]) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        _close(self._response)
        connections.close()


class Turn:
    """One request. Either it is worked on, or it is given up before that: whoever is first."""

    def __init__(self, environ: Environ) -> None:
        self._environ: Environ | None = environ
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._came: asyncio.Future[Answer | BaseException] = self._loop.create_future()

    def take(self) -> Environ | None:
        """The request, for the first who asks."""
        with self._lock:
            environ, self._environ = self._environ, None
        return environ

    def give_up(self) -> bool:
        """Whether it had not begun; it never will."""
        return self.take() is not None

    async def comes_within(self, seconds: float) -> bool:
        """Waits for the answer, so long at most: whether it is there."""
        if not self._came.done():
            await asyncio.wait((self._came,), timeout=seconds)
        return self._came.done()

    async def answer(self) -> Answer:
        """Raises what the application has raised."""
        came = await self._came
        if isinstance(came, BaseException):
            raise came
        return came

    def end(self, came: Answer | BaseException) -> None:
        """From the thread that has worked on it."""
        with suppress(RuntimeError):  # the process is about to end
            self._loop.call_soon_threadsafe(self._came.set_result, came)


class Line:
    """Requests that share some threads. What waits is bounded, what is given up included."""

    def __init__(self, application: Application, *, name: str, threads: int, most: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threading.BoundedSemaphore(most)

    def enter(self, environ: Environ) -> Turn | None:
        """None where too many wait already, or none is taken any more."""
        if not self._places.acquire(blocking=False):
            return None
        turn = Turn(environ)
        try:
            self._pool.submit(self._serve, turn)
        except RuntimeError:  # the process is about to end
            return None
        return turn

    def _serve(self, turn: Turn) -> None:
        self._places.release()
        environ = turn.take()
        if environ is None:
            return
        try:
            turn.end(answer_of(self._application, environ))
        except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
            turn.end(error)


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
