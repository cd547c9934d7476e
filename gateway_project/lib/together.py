"""Together: what several threads ask for at the same moment is done in one go.

A statement for thirty rows costs the database little more than one for a single row, and thirty
requests that are at work at the same time need one commit between them. Nobody waits for company:
who comes first begins at once, and whoever comes meanwhile is next, all of them together.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from django.db import connection

from gateway_project.lib.connections import DATABASE_TROUBLE, once_more

MOST = 64

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Ticket(Generic[Asked, Answer]):
    """One who waits: until it is done for, or until it is its turn to do it for all."""

    __slots__ = ("_bell", "answer", "asked", "error", "is_done")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.is_done = False
        self._bell = threading.Lock()
        self._bell.acquire()

    def wait(self) -> None:
        self._bell.acquire()

    def call(self) -> None:
        self._bell.release()

    def result(self) -> Answer:
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


class Together(Generic[Asked, Answer]):
    """A function of one that is done by a function of many, outside of any transaction.

    `do_all` answers each in its place, where an exception is raised to the one who asked. What it
    raises itself is a fault of one among them: each is then done by itself. Trouble with the
    database is everybody's, once a closed connection has been opened anew. Inside a transaction of
    the caller nobody else's is done.
    """

    def __init__(
        self, do_all: Callable[[Sequence[Asked]], Sequence[Answer | Exception]], *, most: int = MOST
    ) -> None:
        self._do_all, self._most = do_all, most
        self._waiting: deque[_Ticket[Asked, Answer]] = deque()
        self._is_led = False
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        ticket = _Ticket[Asked, Answer](asked)
        if connection.in_atomic_block:
            self._try([ticket])
            return ticket.result()
        with self._lock:
            self._waiting.append(ticket)
            leads, self._is_led = not self._is_led, True
        if not leads:
            ticket.wait()
        if not ticket.is_done:
            self._lead()
        return ticket.result()

    def _lead(self) -> None:
        """Does what waits, the caller's own first, and calls the next who is to."""
        count = min(len(self._waiting), self._most)
        batch = [self._waiting.popleft() for _ in range(count)]
        try:
            # In nobody's context: what is logged is about all of them.
            Context().run(once_more, lambda: self._do(batch))
        except BaseException as error:  # noqa: BLE001  it is raised to all who asked
            for ticket in batch:
                ticket.error = ticket.error or error
        finally:
            for ticket in batch:
                ticket.is_done = True
            with self._lock:
                self._is_led = bool(self._waiting)
                following = self._waiting[0] if self._waiting else None
            for ticket in batch[1:]:
                ticket.call()
            if following is not None:
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
            ticket.error = error

    def _try(self, batch: Sequence[_Ticket[Asked, Answer]]) -> None:
        answers = self._do_all([ticket.asked for ticket in batch])
        for ticket, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                ticket.error = answer
            else:
                ticket.answer = answer


class Lanes(Generic[Asked, Answer]):
    """The same where the doing may have to wait for others' locks: those of one lane at a time, so
    that what holds up one of them holds up no other."""

    def __init__(
        self,
        do_all: Callable[[Sequence[Asked]], Sequence[Answer | Exception]],
        lane_of: Callable[[Asked], Hashable],
    ) -> None:
        self._lane_of = lane_of
        self._lanes: defaultdict[Hashable, Together[Asked, Answer]] = defaultdict(
            lambda: Together(do_all)
        )

    def __call__(self, asked: Asked) -> Answer:
        return self._lanes[self._lane_of(asked)](asked)
