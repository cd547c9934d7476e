"""The ids of messages on log lines."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from uuid import UUID

import pytest

from gateway_project.lib.journal import MOST_NAMED, about, also_about, by_itself, step
from tests.lib.test_logs import sink  # noqa: F401  a fixture

ONE, OTHER = UUID(int=1 << 100), UUID(int=2 << 100)


@pytest.fixture(autouse=True)
def own_context():
    """Other tests accept messages without the request around it."""
    with by_itself():
        yield


def say(text="something"):
    logging.getLogger("any").warning(text)


def events(sink):  # noqa: F811
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def ids(sink):  # noqa: F811
    return [event.get("message_id") for event in events(sink)]


def test_every_line_meanwhile_bears_the_id_and_none_afterwards(sink):  # noqa: F811
    say()
    with about(ONE):
        say()
        with about(OTHER):
            say()
        say()
    say()
    assert ids(sink) == [None, str(ONE), str(OTHER), str(ONE), None]


def test_a_thread_that_is_given_the_context_bears_it_too(sink):  # noqa: F811
    with ThreadPoolExecutor(1) as threads, about(ONE):
        threads.submit(copy_context().run, say).result()
        threads.submit(say).result()
    assert ids(sink) == [str(ONE), None]


def test_of_a_large_batch_some_are_named_and_all_are_counted(sink):  # noqa: F811
    with about(*(UUID(int=n) for n in range(1_000))):
        say()
    (event,) = events(sink)
    assert (len(event["message_ids"]), event["messages"]) == (MOST_NAMED, 1_000)
    assert "message_id" not in event


def test_what_a_request_adds_ends_with_it(sink):  # noqa: F811
    with about(OTHER):
        with by_itself():
            say()
            also_about(ONE)
            say()
        say()
    assert ids(sink) == [None, str(ONE), str(OTHER)]


@pytest.mark.parametrize(
    ("level", "told"), [("INFO", ["rejected"]), ("DEBUG", ["sent", "rejected"])]
)
def test_what_went_well_is_told_only_to_who_wants_to_know_all(sink, level, told):  # noqa: F811
    logging.getLogger("gateway_project.lib.journal").setLevel(level)
    try:
        step(ONE, "%s", "sent")
        step(ONE, "%s", "rejected", went_well=False)
    finally:
        logging.getLogger("gateway_project.lib.journal").setLevel(logging.NOTSET)
    assert [event["event"] for event in events(sink)] == told
    assert set(ids(sink)) == {str(ONE)}
