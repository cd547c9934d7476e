"""Departures: what leaves at its moment, and what becomes of it."""

import time
from concurrent.futures import Future

import pytest

from gateway_project.lib.departures import Departures


@pytest.fixture
def departures():
    return Departures()


def over(result: object) -> Future:
    future = Future()
    future.set_result(result)
    return future


def test_each_leaves_in_the_order_of_its_moment_and_not_before(departures):
    left = []

    def start(name):
        left.append((name, time.monotonic()))
        return over(name)

    now = time.monotonic()
    moments = {"third": now + 0.06, "first": now - 1, "second": now + 0.03}
    futures = {
        name: departures.at(moment, lambda name=name: start(name))
        for name, moment in moments.items()
    }
    assert {name: future.result(10) for name, future in futures.items()} == {
        name: name for name in moments
    }
    assert [name for name, _ in left] == ["first", "second", "third"]
    assert all(at >= moments[name] for name, at in left)


def test_it_ends_only_when_what_it_started_has_ended(departures):
    started = Future()
    departed = departures.at(0.0, lambda: started)
    assert departures.at(0.0, lambda: over("later")).result(10) == "later"
    assert not departed.done()
    started.set_exception(ValueError("refused"))
    with pytest.raises(ValueError, match="refused"):
        departed.result(10)


def test_one_that_cannot_start_holds_no_other_up(departures):
    def broken():
        raise RuntimeError("cannot start")

    fails = departures.at(0.0, broken)
    assert departures.at(0.0, lambda: over("other")).result(10) == "other"
    assert isinstance(fails.exception(10), RuntimeError)
