"""Fibers: one thread works on many requests, on each until it has to wait.

The requests of a campaign do the same short work and wait for the same statements. Each on a thread
of its own, they would hand the interpreter to one another at every step, which costs more than the
steps. As fibers (greenlets) of one thread they come one after the other to where they wait, are
waited for together, and go on.

What takes its time is done `aside`, on a thread where it holds nobody up: the database's work on
some threads, what peers are asked on others. A lock may not be held meanwhile, and no transaction
be open: the others on the thread use the same connection.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from queue import SimpleQueue
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet

from django.db import connection
from greenlet import getcurrent, greenlet

from gateway_project.lib import connections

logger = logging.getLogger(__name__)

Given = ParamSpec("Given")
Done = TypeVar("Done")

_of_this_thread = threading.local()
_all: "WeakSet[Fibers]" = WeakSet()


class Fibers:
    """A thread with fibers, up to so many threads for the database's work, and so many for what
    peers are asked."""

    def __init__(self, *, name: str, aside: int, afar: int) -> None:
        self._ready: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._is_open = True
        self._began_at: float | None = None
        self._aside = ThreadPoolExecutor(aside, thread_name_prefix=f"{name}-aside")
        self._afar = ThreadPoolExecutor(afar, thread_name_prefix=f"{name}-afar")
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        _all.add(self)

    def submit(self, do: Callable[..., object], *arguments: Any) -> None:
        """Does it in a fiber of its own, in a context of its own."""
        self.call_soon(lambda: greenlet(do).switch(*arguments))

    def call_soon(self, do: Callable[[], object]) -> None:
        """Does it on the fibers' thread, after all that could go on before; from any thread."""
        self._ready.put(do)

    def let_others_go_first(self) -> None:
        """The present fiber goes on after all that could go on before."""
        bell = Bell()
        bell.ring()
        bell.wait()

    def leave(self) -> None:
        """Leaves the thread to the others, until somebody switches to the present fiber."""
        self._hub.switch()

    def do_aside(self, do: Callable[[], None], *, is_afar: bool) -> None:
        (self._afar if is_afar else self._aside).submit(do)

    def stuck_for(self) -> float:
        """For how many seconds one fiber has had the thread."""
        began_at = self._began_at
        return 0.0 if began_at is None else time.monotonic() - began_at

    def close(self) -> None:
        """Ends the threads. Fibers that wait are left where they are."""
        self.call_soon(self._stop)
        self._thread.join()
        self._aside.shutdown()
        self._afar.shutdown()

    def _stop(self) -> None:
        self._is_open = False

    def _run(self) -> None:
        _of_this_thread.fibers, self._hub = self, getcurrent()
        while self._is_open:
            do = self._ready.get()
            self._began_at = time.monotonic()
            try:
                do()
            except Exception:
                logger.exception("a fiber has failed")
            self._began_at = None


def stuck_for() -> float:
    """For how many seconds one fiber of this process has had its thread, if any has for long."""
    return max((fibers.stuck_for() for fibers in list(_all)), default=0.0)


def current() -> Fibers | None:
    """Those of the present thread, where it has any."""
    return getattr(_of_this_thread, "fibers", None)


class Bell:
    """Rung once, for one who waits for it: a fiber leaves its thread to the others meanwhile."""

    __slots__ = ("_fiber", "_fibers", "_has_rung", "_lock", "_waits")

    def __init__(self) -> None:
        self._fibers = current()
        if self._fibers is None:
            self._lock = threading.Lock()
            self._lock.acquire()
        else:
            self._fiber = getcurrent()
            self._has_rung = self._waits = False

    def wait(self) -> None:
        """By who has made it."""
        if self._fibers is None:
            self._lock.acquire()
        elif not self._has_rung:
            self._waits = True
            self._fibers.leave()

    def ring(self) -> None:
        """From any thread."""
        if self._fibers is None:
            self._lock.release()
        else:
            self._fibers.call_soon(self._sound)

    def _sound(self) -> None:
        """On the fibers' thread. Who does not wait for this bell may wait for another."""
        self._has_rung = True
        if self._waits:
            self._fiber.switch()


class _Task(Generic[Done]):
    """What is done aside, for one fiber."""

    def __init__(self, do: Callable[[], Done]) -> None:
        self._do, self._bell = do, Bell()
        self._done: Done | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            connections.refresh()
            self._done = self._do()
        except BaseException as error:  # noqa: BLE001  it is raised to the one who asked
            self._error = error
            if isinstance(error, connections.DATABASE_TROUBLE):
                connections.give_up(error)
        finally:
            self._bell.ring()

    def result(self) -> Done:
        self._bell.wait()
        if self._error is not None:
            raise self._error
        return self._done  # type: ignore[return-value]


def done_aside(do: Callable[Given, Done]) -> Callable[Given, Done]:
    """Of a function that works with the database: it is done aside."""
    return _done_aside(do, is_afar=False)


def done_afar(do: Callable[Given, Done]) -> Callable[Given, Done]:
    """Of a function that asks a peer, who may take seconds: it is done aside, where it holds up no
    work with the database."""
    return _done_aside(do, is_afar=True)


def _done_aside(do: Callable[Given, Done], *, is_afar: bool) -> Callable[Given, Done]:
    @wraps(do)
    def called(*arguments: Given.args, **named: Given.kwargs) -> Done:
        return aside(partial(do, *arguments, **named), is_afar=is_afar)

    return called


def aside(do: Callable[[], Done], *, is_patient: bool = False, is_afar: bool = False) -> Done:
    """Does it, in the context of who asks, on a thread where it holds up no fiber; `is_patient`:
    after all that could go on before. On any other thread, or in a transaction, it is done here
    and now."""
    fibers = current()
    if fibers is None or connection.in_atomic_block:
        return do()
    if is_patient:
        fibers.let_others_go_first()
    task = _Task(partial(copy_context().run, do))
    fibers.do_aside(task.run, is_afar=is_afar)
    return task.result()
