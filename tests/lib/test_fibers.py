"""Fibers: many on one thread, each leaves it to the others where it has to wait."""

import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest
from django.db import connection, transaction

from gateway_project.lib.fibers import Bell, Fibers, aside, done_afar, stuck_for

WAIT = 10.0

colour: ContextVar[str] = ContextVar("colour", default="none")


class Log:
    """What happened, in its order; the thread of the fibers is held up until all have come."""

    def __init__(self, *deeds: Callable[["Log"], object]) -> None:
        self.entries: list[object] = []
        self._open, self._left, self._all_done = threading.Event(), len(deeds), threading.Event()
        self.fibers = Fibers(name="test", aside=2, afar=2)
        self.fibers.submit(self._open.wait, WAIT)
        for deed in deeds:
            self.fibers.submit(self._do, deed)

    def _do(self, deed: Callable[["Log"], object]) -> None:
        try:
            deed(self)
        finally:
            self._left -= 1
            if not self._left:
                self._all_done.set()

    def run(self) -> list[object]:
        self._open.set()
        assert self._all_done.wait(WAIT)
        self.fibers.close()
        return self.entries

    def add(self, entry: object) -> None:
        self.entries.append(entry)


def test_who_waits_leaves_the_thread_to_the_others_and_goes_on_when_it_is_rung_for():
    bells: list[Bell] = []

    def wait(log: Log) -> None:
        bells.append(Bell())
        log.add("waits")
        bells[0].wait()
        log.add("goes on")

    def ring(log: Log) -> None:
        bells[0].ring()
        log.add("rings")

    assert Log(wait, ring).run() == ["waits", "rings", "goes on"]


def test_a_bell_that_was_rung_before_is_not_waited_for():
    def ring_and_wait(log: Log) -> None:
        bell = Bell()
        bell.ring()
        aside(lambda: log.add("was aside"))
        bell.wait()
        log.add("went on")

    assert Log(ring_and_wait).run() == ["was aside", "went on"]


def test_a_bell_that_nobody_waits_for_wakes_nobody_who_waits_for_another():
    def wait_for_another(log: Log) -> None:
        unheard, may_end = Bell(), threading.Event()
        unheard.ring()
        log.fibers.submit(may_end.set)
        log.add(aside(lambda: may_end.wait(WAIT)))

    assert Log(wait_for_another).run() == [True]


def test_a_bell_serves_a_thread_as_well():
    bell = Bell()
    threading.Thread(target=bell.ring).start()
    bell.wait()


def test_who_is_patient_is_served_after_all_who_could_go_on_before():
    def patient(log: Log) -> None:
        aside(lambda: log.add("patient"), is_patient=True)

    def other(log: Log) -> None:
        log.add("other")

    assert Log(patient, other, other).run() == ["other", "other", "patient"]


def test_who_is_patient_is_served_however_many_come_after():
    served = threading.Event()

    def patient(log: Log) -> None:
        aside(served.set, is_patient=True)

    def another(log: Log) -> None:
        if not served.is_set():
            log.fibers.submit(another, log)

    log = Log(another, patient)
    log.run()
    assert served.is_set()


def test_what_peers_are_asked_holds_up_no_work_with_the_database():
    may_end = threading.Event()

    @done_afar
    def ask() -> None:
        assert may_end.wait(WAIT)

    def work(log: Log) -> None:
        log.add(aside(lambda: "worked"))
        may_end.set()

    assert Log(*[lambda log: ask()] * 5, work).run() == ["worked"]


def test_who_has_the_thread_for_long_is_told():
    def hold(log: Log) -> None:
        while stuck_for() < 0.1:
            pass
        log.add("was told")

    assert Log(hold).run() == ["was told"]


def test_what_is_done_aside_holds_nobody_up_and_answers():
    may_end = threading.Event()

    def slow() -> str:
        assert may_end.wait(WAIT)
        return "slow"

    def other(log: Log) -> None:
        log.add("other")
        may_end.set()

    log = Log(lambda log: log.add(aside(slow)), other)
    assert log.run() == ["other", "slow"]


def test_it_is_done_on_another_thread():
    threads: set[str] = set()

    def look(log: Log) -> None:
        log.add(threading.current_thread().name)
        log.add(aside(lambda: threading.current_thread().name).rpartition("_")[0])

    assert Log(look).run() == ["test", "test-aside"], threads


def test_what_goes_wrong_aside_is_raised_to_who_asked():
    def fail() -> None:
        raise LookupError

    def ask(log: Log) -> None:
        with pytest.raises(LookupError):
            aside(fail)
        log.add("raised")

    assert Log(ask).run() == ["raised"]


def test_each_fiber_has_a_context_of_its_own_which_goes_aside_with_it():
    def paint(name: str) -> Callable[[Log], None]:
        def deed(log: Log) -> None:
            log.add(colour.get())
            colour.set(name)
            log.add(aside(colour.get))

        return deed

    assert sorted(map(str, Log(paint("red"), paint("blue")).run())) == [
        *("blue", "none", "none", "red")
    ]


def test_who_fails_fails_alone():
    def fail(log: Log) -> None:
        raise LookupError

    assert Log(fail, lambda log: log.add("done")).run() == ["done"]


@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_it_is_done_here_and_now():
    def look(log: Log) -> None:
        with transaction.atomic():
            aside(lambda: log.add(connection.in_atomic_block))
        connection.close()

    def other(log: Log) -> None:
        log.add("other")

    assert Log(look, other).run() == [True, "other"]


def test_a_plain_thread_does_it_itself():
    assert aside(threading.get_ident) == threading.get_ident()
