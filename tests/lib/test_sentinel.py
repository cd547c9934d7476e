"""What leaves is held against the very recipient it is about."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from hypothesis import given
from prometheus_client import REGISTRY

from gateway_project.lib.personal import REDACTED, Personal
from gateway_project.lib.redaction import reveals, stands_in
from gateway_project.lib.sentinel import passed, watch, watching
from tests.disguises import ANY, SURROUNDINGS, disguised
from tests.lib.test_logs import sink  # noqa: F401  a fixture

EMAIL = "canary.jane@mailbox.example"
SHORT = "jo@x.example"


def stopped(where: str) -> float:
    return REGISTRY.get_sample_value("gatehouse_leaks_stopped_total", {"where": where}) or 0.0


@pytest.mark.parametrize("disguise", ANY)
def test_the_recipient_is_taken_out_in_every_disguise_and_counted(disguise):
    before = stopped("of this test")
    worn = ANY[disguise](EMAIL)
    text = passed(f"was {worn} refused", "of this test", Personal(EMAIL))
    assert worn not in text
    assert not reveals(text, EMAIL)
    assert text.startswith("was ")
    assert stopped("of this test") == before + 1


def test_what_is_about_somebody_else_passes_as_it_is():
    before = stopped("of this test")
    text = f"{EMAIL} and 4915112345678"
    assert passed(text, "of this test", Personal("jim.beam@mailbox.example")) == text
    assert passed(text, "of this test", Personal("+491519999999")) == text
    assert passed(text, "of this test") == text
    assert stopped("of this test") == before


@pytest.mark.parametrize("value", [SHORT, "12@x.example", "+", "", "a"])
def test_short_and_odd_values_are_borne(value):
    assert passed("nothing here", "of this test", Personal(value)) == "nothing here"
    assert SHORT not in passed(f"to {SHORT}", "of this test", Personal(SHORT))


@given(worn=disguised(), before=SURROUNDINGS, after=SURROUNDINGS)
def test_the_cheap_look_misses_nothing_that_the_thorough_one_finds(worn, before, after):
    value, text = worn[0], f"{before} {worn[1]} {after}"
    assert stands_in(value, text)
    assert reveals(text, value)


def test_a_watch_holds_for_its_time_and_for_what_is_added_to_it():
    with watching(Personal(EMAIL)):
        watch(Personal(SHORT), None)
        assert passed(f"{EMAIL} {SHORT}", "of this test") == f"{REDACTED} {REDACTED}"
    assert passed(EMAIL, "of this test") == EMAIL
    watch(Personal(EMAIL))
    assert passed(EMAIL, "of this test") == EMAIL


def test_watches_stand_inside_each_other():
    with watching(Personal(EMAIL)):
        with watching(Personal(SHORT)):
            assert passed(SHORT, "of this test") == REDACTED
        assert passed(EMAIL, "of this test") == REDACTED


def test_a_thread_that_is_given_the_context_is_watched_too():
    with watching(Personal(EMAIL)), ThreadPoolExecutor(1) as threads:
        told = threads.submit(copy_context().run, passed, EMAIL, "of this test").result()
    assert told == REDACTED


def test_what_is_logged_during_a_watch_is_held_against_it(sink):  # noqa: F811
    before = stopped("log")
    number = "4915112345678"
    spelled = "four-nine one-five " + "-".join(number)
    with watching(Personal("+" + number)):
        logging.getLogger("a.library").warning("retrying %s", {"to": f"x{number}y"})
    assert number not in sink.getvalue()
    assert spelled not in sink.getvalue()
    assert stopped("log") == before + 1
