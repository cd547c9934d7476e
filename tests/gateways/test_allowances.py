"""So many requests of a key in a second, whoever counts them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import KeyKind
from gateways import allowances
from gateways.allowances import SECOND, keep_within, spend
from gateways.models import Allowance
from gateways.values import KeyValues
from tests.factories import KeyFactory
from tests.operations.surroundings import wait_until

START = 1_700_000_000 * SECOND
THREADS = 8


class Clock:
    """The database's time, as the test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> str:
        return str(self.now)

    def goes_on(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        allowances.forget()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(allowances, "clock", clock)
    return clock


def values(key, rate):
    return KeyValues(
        id=key.pk,
        label_id=key.label_id,
        brand_id=None,
        kind=KeyKind.SMARTICO,
        rate_per_second=rate,
        expires_at=None,
        digest=key.digest,
    )


def within(key, rate, count):
    """How many of `count` requests are within the limit."""
    return sum(spend(key.pk, rate).is_within for _ in range(count))


@pytest.mark.django_db
class TestOneKey:
    def test_a_seconds_worth_at_once_and_then_one_by_one(self, clock):
        key = KeyFactory()
        assert within(key, 5, 20) == 5
        for _ in range(10):
            clock.goes_on(0.2)
            assert within(key, 5, 3) == 1

    def test_what_was_not_used_is_not_saved_up(self, clock):
        key = KeyFactory()
        assert within(key, 5, 5) == 5
        clock.goes_on(3600)
        assert within(key, 5, 20) == 5

    def test_each_answer_knows_what_is_left_and_when_to_come_again(self, clock):
        key = KeyFactory()
        told = [spend(key.pk, 2) for _ in range(3)]
        assert [(one.is_within, one.left) for one in told] == [(True, 1), (True, 0), (False, 0)]
        assert [round(one.seconds, 3) for one in told] == [0.5, 1.0, 0.5]

    def test_other_keys_have_their_own(self, clock):
        key, other = KeyFactory(), KeyFactory(secret="another")
        assert within(key, 1, 3) == 1
        assert within(other, 1, 3) == 1

    def test_a_clock_that_was_set_back_refuses_nobody(self, clock):
        key = KeyFactory()
        assert within(key, 1, 1) == 1
        clock.goes_on(-3600)
        assert within(key, 1, 3) == 1

    def test_a_flood_asks_the_database_once(self, clock, django_assert_num_queries):
        key = KeyFactory()
        assert within(key, 1, 2) == 1
        with django_assert_num_queries(0):
            assert within(key, 1, 1000) == 0

    def test_a_key_without_a_limit_costs_nothing(self, django_assert_num_queries):
        key = KeyFactory()
        with django_assert_num_queries(0):
            keep_within(values(key, None))
        assert not Allowance.objects.exists()

    def test_a_refusal_names_the_seconds(self, clock):
        key = values(KeyFactory(), 1)
        keep_within(key)
        with pytest.raises(Refused) as refusal:
            keep_within(key)
        assert refusal.value.code == ErrorCode.RATE_LIMITED
        assert refusal.value.text == "rate limited: try again in 1 second"

    def test_who_cannot_be_counted_is_not_refused(self, monkeypatch):
        def broken(*args: object) -> None:
            raise OperationalError

        monkeypatch.setattr(allowances, "_spend", broken)
        key = values(KeyFactory(), 1)
        for _ in range(3):
            keep_within(key)

    def test_the_databases_own_clock_is_read_in_microseconds(self):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {allowances.clock()}")
            (now,) = cursor.fetchone()
        assert START < now < 2 * START


class TestWindows(TestCase):
    @given(
        rate=st.integers(1, 500),
        pauses=st.lists(st.integers(0, 400), min_size=10, max_size=60),
    )
    def test_no_time_ever_holds_more_than_its_share_and_one_seconds_worth(self, rate, pauses):
        key, clock = KeyFactory(), Clock()
        taken: list[int] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(allowances, "clock", clock)
            for pause in pauses:
                clock.goes_on(pause / 1000)
                taken += [clock.now] * within(key, rate, 3)
        allowances.forget()
        key.delete()
        for first, begin in enumerate(taken):
            for last, end in enumerate(taken[first:], start=first):
                share = rate * (end - begin) / SECOND
                assert last - first + 1 <= share + rate + 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_all_who_count_at_once_count_together(clock):
    key, start = KeyFactory(), threading.Barrier(THREADS)

    def ask(_: int) -> int:
        try:
            start.wait()
            return within(key, 20, 10)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        assert sum(threads.map(ask, range(THREADS))) == 20


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_a_key_one_thread_counts_at_a_time_and_holds_up_no_other_key(clock):
    held, free = KeyFactory(secret="held"), KeyFactory(secret="free")
    assert within(held, 20, 1) == within(free, 20, 1) == 1
    lane = allowances._spend_in_turn._lanes[held.pk]

    def ask(key) -> int:
        try:
            return within(key, 20, 1)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS + 1) as threads:
        with transaction.atomic():
            Allowance.objects.select_for_update().get(key_id=held.pk)
            waiting = [threads.submit(ask, held) for _ in range(THREADS)]
            wait_until(lambda: lane._is_led and len(lane._waiting) == THREADS - 1)
            assert threads.submit(ask, free).result(20) == 1
        assert [each.result(20) for each in waiting] == [1] * THREADS
