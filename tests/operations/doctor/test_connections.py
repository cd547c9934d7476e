"""Connection checks of many gateways at once."""

import threading

from gateway_project.operations.doctor.connections import check_all
from gateways.providers.base import Provider


class Stub(Provider):
    slug = "stub"

    def __init__(self, outcome=None, until=None):
        super().__init__({})
        self.outcome, self.until, self.closed = outcome, until, threading.Event()

    def check_connection(self):
        if self.until:
            self.until.wait(10)
        if self.outcome:
            raise self.outcome
        return "welcome"

    def close(self):
        self.closed.set()


def test_one_that_hangs_keeps_the_others_from_nothing():
    release = threading.Event()
    slow, quick = Stub(until=release), Stub()
    found = check_all({1: slow, 2: quick}, seconds=0.2)
    release.set()
    assert (found[2].is_connected, found[2].text) == (True, "welcome")
    assert (found[1].is_connected, found[1].text) == (False, "no answer within 0 seconds")
    assert slow.closed.wait(5)
    assert quick.closed.wait(5)


def test_an_adapter_that_breaks_is_a_finding():
    found = check_all({1: Stub(ZeroDivisionError("canary"))})[1]
    assert not found.is_connected
    assert found.text == "the check itself failed: ZeroDivisionError"
