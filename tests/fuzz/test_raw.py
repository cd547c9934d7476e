"""Thousands of odd requests to a real server: each is answered as it should be, nothing is told,
nothing breaks, and nothing is kept. FUZZ_REQUESTS says how many, FUZZ_SEED which.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.conversation import assert_answered, assert_refused_at_most, talk
from tests.fuzz.house import REQUESTS, SEED, Fuzzed, fuzzed
from tests.fuzz.requests import (
    CHANNELS,
    Sent,
    broken,
    callback_paths,
    everywhere,
    send_paths,
    webhook_paths,
    well_formed,
)

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

AT_A_TIME = 5
WARM = 1_600
"""By then caches and heaps have their size, but for a few MB, most of which come soon."""
LATE_WARMTH = 9_000
"""In KB, of all processes of the server together: as much as 3,000 requests may add."""
FIRST = 3_000
MOST_KEPT = 0.4
"""In KB, of each request that comes after those."""

Verdict = Callable[[Fuzzed, Sent, bytes], None]
Spread = Callable[[Sent], list[Sent]]


def as_drawn(sent: Sent) -> list[Sent]:
    return [sent]


def fuzz(
    server: Fuzzed,
    requests: st.SearchStrategy[Sent],
    verdict: Verdict,
    count: int,
    spread: Spread = as_drawn,
) -> int:
    """So many requests at least, some at a time; how many. What fails is told as it was sent."""
    done = 0
    per_example = AT_A_TIME * (1 if spread is as_drawn else len(CHANNELS) + 1)

    @seed(SEED)
    @settings(
        max_examples=max(count // per_example, 1),
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(requests, min_size=AT_A_TIME, max_size=AT_A_TIME))
    def run(drawn: list[Sent]) -> None:
        nonlocal done
        sent = [one for each in drawn for one in spread(each)]
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(lambda one: talk(server, one), sent))
        done += len(sent)
        for one, answer in zip(sent, answers, strict=True):
            try:
                verdict(server, one, answer)
            except (AssertionError, ValueError) as problem:
                raise AssertionError(f"seed {SEED}: {problem}: {one.data!r}") from None

    run()
    return done


def most_grown(done: int) -> float:
    """In KB, after so many requests."""
    return LATE_WARMTH + MOST_KEPT * max(done - FIRST, 0)


@pytest.mark.parametrize(("done", "kept"), [(3_000, 3.1), (20_000, 0.8)])
def test_what_is_kept_of_each_request_is_more_than_may_be(done, kept):
    assert kept * done > most_grown(done)


def test_whatever_is_sent_is_answered_and_nothing_is_told(tmp_path, capsys):
    with fuzzed(tmp_path) as server:
        sends = well_formed(send_paths())
        fuzz(server, sends, assert_answered, WARM, everywhere)
        before = server.memory()
        done = fuzz(server, sends, assert_answered, REQUESTS * 85 // 100, everywhere)
        for odd, verdict in (
            (broken(send_paths()), assert_answered),
            (well_formed(callback_paths(server.token)), assert_answered),
            (well_formed(webhook_paths(server.token)), assert_refused_at_most),
        ):
            done += fuzz(server, odd, verdict, REQUESTS * 5 // 100)
        after = server.memory()
        with capsys.disabled():
            grown = f"memory {before} KB before, {after} KB after"
            print(f"\nseed {SEED}: {done} requests, {grown}")  # noqa: T201
        assert after - before <= most_grown(done), "something is kept"
        server.assert_nothing_is_told()
