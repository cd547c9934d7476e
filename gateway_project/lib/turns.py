"""Requests take turns: as many as there are threads are at work, some wait, the rest are told so.

A request is answered from the thread that the web server gave it, and worked on by another one. So
whoever waits can be answered in time, whatever the work is held up by.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gateway_project.lib import connections

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a WSGI application answered; its body is whole, unless it is streamed."""

    status: str
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


class Turn:
    """One request. Either it is worked on, or it is given up before that: whoever is first."""

    def __init__(self, environ: Environ) -> None:
        self._environ: Environ | None = environ
        self._lock = threading.Lock()
        self.answer: Future[Answer] = Future()

    def take(self) -> Environ | None:
        """The request, for the first who asks."""
        with self._lock:
            environ, self._environ = self._environ, None
        return environ

    def give_up(self) -> bool:
        """Whether it had not begun; it never will."""
        return self.take() is not None


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
            turn.answer.set_result(_answer(self._application, environ))
        except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
            turn.answer.set_exception(error)


def _answer(application: Application, environ: Environ) -> Answer:
    begun: list[Any] = []
    response = application(environ, lambda status, headers, *_: begun.append((status, headers)))
    status, headers = begun[-1] if begun else ("500 Internal Server Error", [])
    if getattr(response, "streaming", False):
        return Answer(status, headers, _Streamed(response))
    try:
        return Answer(status, headers, [b"".join(response)])
    finally:
        _close(response)


class _Streamed:
    """A long answer is made while it leaves, on the web server's own thread, which keeps no
    connection to the database afterwards."""

    def __init__(self, response: Iterable[bytes]) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        _close(self._response)
        connections.close()


def _close(response: Any) -> None:
    if hasattr(response, "close"):
        response.close()
