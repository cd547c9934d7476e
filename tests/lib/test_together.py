"""Together: many threads, one doing."""

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from gateway_project.lib.together import Lanes, Together

WAIT = 10.0


class Doing:
    """Doubles numbers. The first doing waits until it may go on, so that others come meanwhile."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, asked: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(asked))
        if len(self.batches) == 1:
            self.begun.set()
            assert self.may_go_on.wait(WAIT)
        if -1 in asked:
            raise ValueError
        if -2 in asked:
            raise OperationalError
        if -3 in asked:
            connection.ensure_connection()
        if -4 in asked and len(asked) > 1:
            raise SystemExit
        return [LookupError() if each == 0 else 2 * each for each in asked]


def outcomes(
    numbers: Sequence[int], most: int = 64, first_of_all: Callable[[int], object] = abs
) -> tuple[list[list[int]], list[object]]:
    """Asks for 100 and, while that is being done, for these, each on a thread of its own: the
    batches, and what was answered or raised to each."""
    doing = Doing()
    together = Together(doing, most=most)

    def outcome(number: int) -> object:
        first_of_all(number)
        try:
            return together(number)
        except BaseException as error:  # noqa: BLE001  it is what is looked at
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(numbers) + 1) as pool:
        first = pool.submit(outcome, 100)
        assert doing.begun.wait(WAIT)
        futures = []
        for number in numbers:
            futures.append(pool.submit(outcome, number))
            while len(together._waiting) < len(futures):
                pass
        doing.may_go_on.set()
        return doing.batches, [future.result(WAIT) for future in [first, *futures]]


def ask(
    numbers: Sequence[int], most: int = 64, first_of_all: Callable[[int], object] = abs
) -> tuple[list[list[int]], list[object]]:
    """The same, with an error's type in its place."""
    batches, came = outcomes(numbers, most, first_of_all)
    return batches, [type(each) if isinstance(each, BaseException) else each for each in came]


def connect(_number: int) -> None:
    connection.ensure_connection()


def get_no_connection(_number: int) -> None:
    connection.settings_dict = {**connection.settings_dict, "NAME": "/nowhere/to/be/found"}


def connect_but_for_the_leader(number: int) -> None:
    get_no_connection(number) if number == 1 else connect(number)


@pytest.mark.django_db
def test_who_is_alone_is_served_at_once() -> None:
    doing = Doing()
    doing.may_go_on.set()
    assert Together(doing)(21) == 42
    assert doing.batches == [[21]]


@pytest.mark.django_db(transaction=True)
def test_who_comes_meanwhile_is_served_together_and_each_gets_its_own() -> None:
    batches, came = ask([1, 2, 3])
    assert batches == [[100], [1, 2, 3]]
    assert came == [200, 2, 4, 6]


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_bounded() -> None:
    batches, came = ask([1, 2, 3, 4, 5], most=2)
    assert batches == [[100], [1, 2], [3, 4], [5]]
    assert came == [200, 2, 4, 6, 8, 10]


@pytest.mark.django_db(transaction=True)
def test_ones_own_refusal_is_raised_to_that_one() -> None:
    batches, came = ask([1, 0, 3])
    assert batches == [[100], [1, 0, 3]]
    assert came == [200, 2, LookupError, 6]


@pytest.mark.django_db(transaction=True)
def test_ones_fault_costs_no_other() -> None:
    batches, came = ask([1, -1, 3])
    assert batches == [[100], [1, -1, 3], [1], [-1], [3]]
    assert came == [200, 2, ValueError, 6]


@pytest.mark.django_db(transaction=True)
def test_trouble_with_the_database_is_everybodys() -> None:
    batches, came = ask([1, -2, 3], first_of_all=connect)
    assert batches == [[100], [1, -2, 3]]
    assert came == [200, OperationalError, OperationalError, OperationalError]


@pytest.mark.django_db(transaction=True)
def test_each_raises_an_error_of_its_own() -> None:
    _, came = outcomes([1, -2, 3], first_of_all=connect)
    errors = [each for each in came if isinstance(each, OperationalError)]
    assert len({id(error) for error in errors}) == 3
    assert all(traceback.extract_tb(error.__traceback__)[-1].name == "__call__" for error in errors)


@pytest.mark.django_db(transaction=True)
def test_who_gets_no_connection_fails_nobody_who_has_one() -> None:
    batches, came = ask([1, -3, 3], first_of_all=connect_but_for_the_leader)
    assert batches[:2] == [[100], [1, -3, 3]]
    assert sorted(batches[2:]) == [[-3], [3]]
    assert came == [200, OperationalError, -6, 6]


@pytest.mark.django_db(transaction=True)
def test_where_nobody_has_a_connection_one_try_to_get_one_tells_all() -> None:
    batches, came = ask([1, -3, 3], first_of_all=get_no_connection)
    assert batches == [[100], [1, -3, 3]]
    assert came == [200, OperationalError, OperationalError, OperationalError]


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_ends_fails_no_other() -> None:
    batches, came = ask([1, -4, 3])
    assert batches[:2] == [[100], [1, -4, 3]]
    assert came == [200, SystemExit, -8, 6]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_has_closed_is_opened_anew() -> None:
    calls = []

    def look(asked: Sequence[int]) -> list[int | Exception]:
        calls.append(len(asked))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 7")
            return [cursor.fetchall()[0][0]] * len(asked)

    connection.ensure_connection()
    connection.connection.close()
    assert Together(look)(1) == 7
    assert calls == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_only_ones_own_is_done_at_once() -> None:
    doing = Doing()
    together = Together(doing)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(together, 100)
        assert doing.begun.wait(WAIT)
        with transaction.atomic():
            assert together(4) == 8
        doing.may_go_on.set()
        assert first.result(WAIT) == 200
    assert doing.batches == [[100], [4]]


@pytest.mark.django_db(transaction=True)
def test_what_holds_up_one_lane_holds_up_no_other() -> None:
    may_end, begun = threading.Event(), threading.Event()

    def double(asked: Sequence[int]) -> list[int | Exception]:
        if asked[0] % 2:
            begun.set()
            assert may_end.wait(WAIT)
        return [2 * each for each in asked]

    lanes = Lanes(double, lambda number: number % 2)
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(lanes, 1)
        assert begun.wait(WAIT)
        assert pool.submit(lanes, 2).result(WAIT) == 4
        may_end.set()
        assert held.result(WAIT) == 2
