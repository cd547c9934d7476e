"""Together: what several threads or fibers ask for at the same moment is done in one go.

A statement for thirty rows costs the database little more than one for a single row, and thirty
requests that are at work at the same time need one commit between them. Nobody waits for company:
who comes first begins at once, and whoever comes meanwhile is next, all of them together.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import Context
from copy import copy
from typing import Generic, TypeVar

from django.db import connection

from gateway_project.lib.connections import DATABASE_TROUBLE, is_connected, once_more
from gateway_project.lib.fibers import Bell, aside

MOST = 64

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Ticket(Generic[Asked, Answer]):
    """One who waits: until it is done for, until it is its turn to do it for all, or until who did
    it for all could not. In that case its `error` is why."""

    __slots__ = ("_bell", "answer", "asked", "error", "is_done", "leads")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.is_done = self.leads = False
        self._bell = Bell()

    def wait(self) -> None:
        self._bell.wait()

    def call(self) -> None:
        self._bell.ring()

    def end(self, came: Answer | Exception) -> None:
        if isinstance(came, Exception):
            self.error = came
        else:
            self.answer, self.error = came, None
        self.is_done = True

    def result(self) -> Answer:
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


class Together(Generic[Asked, Answer]):
    """A function of one that is done by a function of many, outside of any transaction.

    `do_all` answers each in its place, where an exception is raised to the one who asked. What it
    raises itself is a fault of one among them: each is then done by itself. Trouble with the
    database is everybody's, but not the loss of the one connection that it is done over: where no
    new one is to be had, each who has a connection tries by itself. Inside a transaction of the
    caller nobody else's is done.
    """

    def __init__(
        self, do_all: Callable[[Sequence[Asked]], Sequence[Answer | Exception]], *, most: int = MOST
    ) -> None:
        self._do_all, self._most = do_all, most
        self._waiting: deque[_Ticket[Asked, Answer]] = deque()
        self._is_led = False
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        ticket: _Ticket[Asked, Answer] = _Ticket(asked)
        if connection.in_atomic_block:
            self._try([ticket])
            return ticket.result()
        with self._lock:
            self._waiting.append(ticket)
            leads, self._is_led = not self._is_led, True
            ticket.leads = leads
        if not leads:
            ticket.wait()
        if ticket.leads:
            aside(self._lead, is_patient=True)
        elif not ticket.is_done:
            aside(lambda: self._try_alone(ticket))
        return ticket.result()

    def _lead(self) -> None:
        """Does what waits, the caller's own first, and calls the next who is to."""
        count = min(len(self._waiting), self._most)
        batch = [self._waiting.popleft() for _ in range(count)]
        try:
            # In nobody's context: what is logged is about all of them.
            Context().run(once_more, lambda: self._do(batch))
        except DATABASE_TROUBLE as error:
            _tell(batch, error)
        finally:
            for ticket in batch[1:]:
                ticket.call()
            self._call_next()

    def _try_alone(self, ticket: _Ticket[Asked, Answer]) -> None:
        if _may_fare_better(ticket):
            once_more(lambda: self._try([ticket]))

    def _call_next(self) -> None:
        with self._lock:
            self._is_led = bool(self._waiting)
            following = self._waiting[0] if self._waiting else None
        if following is not None:
            following.leads = True
            following.call()

    def _do(self, batch: Sequence[_Ticket[Asked, Answer]]) -> None:
        try:
            self._try(batch)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            if len(batch) == 1:
                raise
            for ticket in batch:
                self._do_alone(ticket)

    def _do_alone(self, ticket: _Ticket[Asked, Answer]) -> None:
        try:
            self._try([ticket])
        except DATABASE_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001  it is raised to the one who asked
            ticket.end(error)

    def _try(self, batch: Sequence[_Ticket[Asked, Answer]]) -> None:
        answers = self._do_all([ticket.asked for ticket in batch])
        for ticket, answer in zip(batch, answers, strict=True):
            ticket.end(answer)


def _tell(batch: Sequence[_Ticket[Asked, Answer]], trouble: Exception) -> None:
    """It is the end for all who are not done yet, or only for the first, whose connection it is."""
    ended = len(batch) if is_connected() else 1
    for place, ticket in enumerate(batch):
        if not ticket.is_done:
            ticket.error = _another(trouble)
            ticket.is_done = place < ended


def _another(trouble: Exception) -> Exception:
    """The same, for another thread to raise: what raises an exception also writes into it."""
    another = copy(trouble)
    another.__cause__ = trouble.__cause__
    return another.with_traceback(trouble.__traceback__)


def _may_fare_better(ticket: _Ticket[Asked, Answer]) -> bool:
    """Not where no connection was to be had, and this thread would need one as well."""
    return ticket.error is None or connection.connection is not None


class Lanes(Generic[Asked, Answer]):
    """The same where the doing may have to wait for others' locks: those of one lane at a time, so
    that what holds up one of them holds up no other."""

    def __init__(
        self,
        do_all: Callable[[Sequence[Asked]], Sequence[Answer | Exception]],
        lane_of: Callable[[Asked], Hashable],
        *,
        most: int = MOST,
    ) -> None:
        self._lane_of = lane_of
        self._lanes: defaultdict[Hashable, Together[Asked, Answer]] = defaultdict(
            lambda: Together(do_all, most=most)
        )

    def __call__(self, asked: Asked) -> Answer:
        return self._lanes[self._lane_of(asked)](asked)
