"""The one door out: the client that performs every HTTP call of this process.

Adapters say what to call (`HttpCall`) and what an answer means (`HttpAnswer`). One thread with one
asyncio loop does the calling, so that hundreds of slow peers cost one thread and kept connections.
"""

import asyncio
import atexit
import os
import threading
from concurrent.futures import Future
from contextvars import Context, copy_context

import aiohttp

from gateway_project.lib.exchange import exchange
from gateway_project.lib.fibers import done_afar
from gateway_project.lib.session import GuardedResolver, LookUp, look_up, open_session
from gateway_project.lib.transport import (
    EgressRefused,
    HttpAnswer,
    HttpCall,
    NoAnswer,
    NotSent,
    NotTrusted,
    TransportError,
)

CLOSE_SECONDS = 5.0

_Waiting = tuple[HttpCall, "Future[HttpAnswer]", Context]
"""A call, who waits for it, and what it is about."""


class HttpClient:
    """Performs calls, any number at once, from any thread."""

    def __init__(self, *, look_up: LookUp = look_up) -> None:
        self._look_up = look_up
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession
        self._tasks: set[asyncio.Task[HttpAnswer]] = set()
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._is_closed = False
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="http-client", daemon=True
        )
        self._thread.start()
        started.wait()

    def submit(self, call: HttpCall) -> "Future[HttpAnswer]":
        """Sets a call going and returns at once; it ends with an answer or TransportError."""
        future: Future[HttpAnswer] = Future()
        with self._lock:
            if not self._is_closed:
                self._waiting.append((call, future, copy_context()))
                if len(self._waiting) == 1:  # to wake the loop costs more than all else here
                    self._loop.call_soon_threadsafe(self._begin_waiting)
                return future
        future.set_exception(NotSent("the client was closed"))
        return future

    @done_afar
    def perform(self, call: HttpCall) -> HttpAnswer:
        """Waits for the answer; raises a TransportError when there is none."""
        return self.submit(call).result()

    def close(self) -> None:
        """Ends what is in the air, each with its TransportError, and the thread."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        resolver = GuardedResolver(self._look_up)
        self._session = self._loop.run_until_complete(_opened(resolver))
        self._loop.call_soon(started.set)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._end(resolver))
            self._loop.close()

    def _begin_waiting(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for call, future, context in waiting:
            if future.set_running_or_notify_cancel():
                self._begin(call, future, context)

    def _begin(self, call: HttpCall, future: "Future[HttpAnswer]", context: Context) -> None:
        task = self._loop.create_task(exchange(self._session, call), context=context)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._hand_over(task, future))

    def _hand_over(self, task: "asyncio.Task[HttpAnswer]", future: "Future[HttpAnswer]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            future.set_exception(NotSent("the client was closed"))
        elif error := task.exception():
            future.set_exception(error)
        else:
            future.set_result(task.result())

    async def _end(self, resolver: GuardedResolver) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        await resolver.close()


async def _opened(resolver: GuardedResolver) -> aiohttp.ClientSession:
    return open_session(resolver)


_clients: dict[int, HttpClient] = {}
"""By process id. What a fork inherited stays here untouched: the parent's loop still uses it."""


def http_client() -> HttpClient:
    """This process's client, made when it is first asked for."""
    process = os.getpid()
    client = _clients.get(process)
    if client is None:
        made = HttpClient()
        client = _clients.setdefault(process, made)
        if client is not made:
            made.close()
    return client


@atexit.register
def close_http_client() -> None:
    """Closes this process's client, if it ever called."""
    client = _clients.pop(os.getpid(), None)
    if client is not None:
        client.close()


__all__ = [
    "EgressRefused",
    "HttpAnswer",
    "HttpCall",
    "HttpClient",
    "NoAnswer",
    "NotSent",
    "NotTrusted",
    "TransportError",
    "close_http_client",
    "http_client",
]
