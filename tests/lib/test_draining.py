import threading
import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, OperationalError

from gateway_project.lib import draining, rounds
from gateway_project.lib.draining import DRAINS, SWITCHED_OFF, Drain, from_the_front


@dataclass
class Rows:
    """Due rows in memory, and what became of them."""

    due: deque = field(default_factory=deque)
    settled: dict = field(default_factory=dict)
    batches: list = field(default_factory=list)
    renewed: Counter = field(default_factory=Counter)
    most_in_the_air: int = 0
    is_closed: bool = False


class Work:
    """A drain's work over those rows; `act` is what is done with each, on threads."""

    is_paced = False

    def __init__(self, rows, act, concurrency=4):
        self.rows, self.act, self.concurrency = rows, act, concurrency
        self.threads = ThreadPoolExecutor(concurrency)
        self.in_the_air = 0

    def claim(self, free):
        return [self.rows.due.popleft() for _ in range(min(free, len(self.rows.due)))]

    def start(self, item):
        self.in_the_air += 1
        self.rows.most_in_the_air = max(self.rows.most_in_the_air, self.in_the_air)
        return self.threads.submit(self.act, item)

    def settle(self, finished):
        self.in_the_air -= len(finished)
        self.rows.batches.append(len(finished))
        for item, future in finished:
            self.rows.settled[item] = future.exception() or future.result()

    def renew(self, items):
        self.rows.renewed.update(items)

    def close(self):
        self.threads.shutdown()
        self.rows.is_closed = True


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(draining, "DRAINS", dict(DRAINS))
    return Rows()


def opened(rows, act=str.upper, **more):
    draining.register(
        Drain(name="test", due=lambda: ["key"], open=lambda key: Work(rows, act, **more))
    )


def names(count):
    return [f"item-{number}" for number in range(count)]


def test_everything_due_is_settled_once_and_counted(rows):
    rows.due.extend(names(100))
    opened(rows)
    assert draining.run("test", "key") == 100
    assert rows.settled == {name: name.upper() for name in names(100)}
    assert sum(rows.batches) == 100
    assert rows.is_closed


def test_a_drain_with_nothing_due_ends(rows):
    opened(rows)
    assert draining.run("test", "key", linger=0) == 0
    assert rows.is_closed


def test_a_failure_of_one_is_settled_beside_the_others(rows):
    def act(name):
        if name == "item-1":
            raise ValueError("refused")
        return "sent"

    rows.due.extend(names(3))
    opened(rows, act)
    assert draining.run("test", "key") == 3
    assert [rows.settled["item-0"], rows.settled["item-2"]] == ["sent", "sent"]
    assert isinstance(rows.settled["item-1"], ValueError)


def test_no_more_is_claimed_than_can_be_started(rows):
    rows.due.extend(names(50))
    opened(rows, concurrency=3)
    draining.run("test", "key")
    assert rows.most_in_the_air <= 3


def test_a_slow_item_keeps_its_own_slot_and_holds_nobody_up(rows):
    others_are_done = threading.Event()

    def act(name):
        if name == "item-0":
            assert others_are_done.wait(10)
        elif name == "item-19":
            others_are_done.set()
        return name

    rows.due.extend(names(20))
    opened(rows, act, concurrency=2)
    assert draining.run("test", "key") == 20
    assert list(rows.settled)[-1] == "item-0"


def test_what_becomes_due_while_draining_is_taken_too(rows):
    def act(name):
        if name == "item-0":
            rows.due.append("late")
        return name

    rows.due.extend(names(1))
    opened(rows, act)
    assert draining.run("test", "key") == 2
    assert "late" in rows.settled


def test_when_told_to_stop_it_claims_no_more_but_settles_what_is_in_the_air(rows):
    stop = threading.Event()
    started = threading.Barrier(4)

    def act(name):
        started.wait(10)
        stop.set()
        return name

    rows.due.extend(names(100))
    opened(rows, act)
    assert draining.run("test", "key", stop=stop) == len(rows.settled)
    assert len(rows.settled) + len(rows.due) == 100
    assert rows.due


def test_leases_of_what_is_in_the_air_are_renewed(rows, monkeypatch):
    monkeypatch.setattr(rounds, "RENEW_SECONDS", 0)
    is_renewed = threading.Event()

    class Renewing(Work):
        def renew(self, items):
            super().renew(items)
            is_renewed.set()

    rows.due.append("slow")
    draining.register(
        Drain(
            name="test",
            due=lambda: ["key"],
            open=lambda key: Renewing(rows, lambda name: is_renewed.wait(10)),
        )
    )
    draining.run("test", "key")
    assert rows.settled == {"slow": True}
    assert rows.renewed["slow"] >= 1


def test_a_future_that_is_done_before_it_is_handed_over_is_settled(rows):
    class AtOnce(Work):
        def start(self, item):
            future = Future()
            future.set_result("at once")
            return future

    rows.due.extend(names(10))
    draining.register(Drain(name="test", due=list, open=lambda key: AtOnce(rows, str)))
    assert draining.run("test", "key") == 10
    assert set(rows.settled.values()) == {"at once"}


def test_the_work_is_closed_when_the_database_fails(rows):
    class Failing(Work):
        def claim(self, free):
            raise ConnectionError("the database is away")

    draining.register(Drain(name="test", due=list, open=lambda key: Failing(rows, str)))
    with pytest.raises(ConnectionError):
        draining.run("test", "key")
    assert rows.is_closed


class TestCompany:
    """What has finished waits a moment for more, as long as most is in the air."""

    @pytest.fixture
    def number(self):
        return 8

    @pytest.fixture
    def places(self, number):
        return number

    @pytest.fixture
    def in_the_air(self, rows, number, places):
        """Items that are in the air, their futures, and how often a round was called for."""
        futures = {}

        class Held(Work):
            def start(self, item):
                futures[item] = Future()
                return futures[item]

        rows.due.extend(names(number))
        stop, calls = threading.Event(), []
        work = Held(rows, str, concurrency=places)
        drain = rounds.Rounds(work, stop=stop, wake=lambda: calls.append(1), linger=0)
        assert drain.round() == 0.0
        yield drain, list(futures.values()), calls, stop
        for future in futures.values():
            if not future.done():
                future.set_result("late")
        stop.set()
        drain.round()
        drain.close()

    def test_one_waits_for_more_than_half_and_they_are_settled_together(self, rows, in_the_air):
        drain, futures, calls, _ = in_the_air
        futures[0].set_result("sent")
        assert len(calls) == 1
        assert 0 < drain.round() < 2 * rounds.COMPANY_SECONDS
        for future in futures[1:4]:
            future.set_result("sent")
        assert (rows.batches, len(calls)) == ([], 1)
        futures[4].set_result("sent")
        assert len(calls) == 2
        drain.round()
        assert rows.batches == [5]

    @pytest.mark.parametrize("number", [2])
    def test_one_of_two_waits_for_the_other(self, rows, in_the_air):
        drain, futures, _, _ = in_the_air
        futures[0].set_result("sent")
        assert 0 < drain.round() < 2 * rounds.COMPANY_SECONDS
        futures[1].set_result("sent")
        drain.round()
        assert rows.batches == [2]

    @pytest.mark.parametrize(("number", "places"), [(2, 8), (7, 8)])
    def test_what_has_rested_does_not_wait_once_more(self, rows, in_the_air, monkeypatch):
        drain, futures, calls, _ = in_the_air
        futures[0].set_result("sent")
        assert (0 < drain.round() < 2 * rounds.COMPANY_SECONDS, calls) == (True, [])
        monkeypatch.setattr(drain, "_rests_until", time.monotonic())
        drain.round()
        assert rows.batches == [1]

    @pytest.mark.parametrize("number", [1])
    def test_one_that_is_alone_waits_for_nobody(self, rows, in_the_air):
        drain, futures, calls, _ = in_the_air
        futures[0].set_result("sent")
        assert len(calls) == 1
        drain.round()
        assert rows.batches == [1]

    def test_nobody_waits_for_longer_than_a_moment(self, rows, in_the_air, monkeypatch):
        drain, futures, _, _ = in_the_air
        futures[0].set_result("sent")
        assert drain.round() > 0
        monkeypatch.setattr(rounds, "COMPANY_SECONDS", 0)
        drain.round()
        assert rows.batches == [1]

    def test_who_is_told_to_stop_waits_for_none(self, rows, in_the_air):
        drain, futures, _, stop = in_the_air
        stop.set()
        futures[0].set_result("sent")
        drain.round()
        assert rows.batches == [1]


class TestRest:
    """Where few were due, more are waited for before it is looked again."""

    @pytest.fixture
    def few(self, rows, monkeypatch):
        """A drain that has claimed two of the four it had room for, done already."""
        monkeypatch.setattr(rounds, "COMPANY_SECONDS", 60)
        rows.due.extend(names(2))
        stop = threading.Event()
        calls = []
        work = Work(rows, str.upper)
        drain = rounds.Rounds(work, stop=stop, wake=lambda: calls.append(1), linger=0)
        assert drain.round() == 0.0
        work.threads.shutdown()
        yield drain, calls, stop
        stop.set()
        drain.round()
        drain.close()

    def test_neither_claims_nor_settles(self, rows, few):
        drain, calls, _ = few
        rows.due.extend(names(3))
        assert 0 < drain.round() <= 60
        assert (len(rows.due), rows.batches, calls) == (3, [], [])

    def test_then_claims_and_settles_together(self, rows, few, monkeypatch):
        drain, _, _ = few
        monkeypatch.setattr(drain, "_rests_until", 0.0)
        drain.round()
        assert rows.batches == [2]

    def test_who_is_told_to_stop_does_not_rest(self, rows, few):
        drain, _, stop = few
        stop.set()
        drain.round()
        assert rows.batches == [2]

    def test_who_found_all_it_had_room_for_does_not_rest(self, rows, monkeypatch):
        monkeypatch.setattr(rounds, "COMPANY_SECONDS", 60)
        rows.due.extend(names(4))
        opened(rows)
        assert draining.run("test", "key", linger=0) == 4


class TestADatabaseInTrouble:
    """Outcomes that are known must not be lost with the connection."""

    @pytest.fixture(autouse=True)
    def _soon_again(self, monkeypatch):
        monkeypatch.setattr(rounds, "RECOVERY_SECONDS", 0)

    @pytest.mark.parametrize("trouble", [OperationalError("away"), InternalError("read-only")])
    def test_an_outcome_is_written_once_the_database_is_back(self, rows, trouble):
        class Away(Work):
            failures = 3

            def settle(self, finished):
                if self.failures:
                    self.failures -= 1
                    raise trouble
                super().settle(finished)

        rows.due.extend("ab")
        draining.register(Drain(name="t", due=list, open=lambda key: Away(rows, str.upper)))
        assert draining.run("t", "key", linger=0) == 2
        assert rows.settled == {"a": "A", "b": "B"}

    def test_one_outcome_that_cannot_be_written_does_not_take_the_others_with_it(self, rows):
        class Fussy(Work):
            def settle(self, finished):
                if any(item == "poison" for item, _ in finished):
                    raise ValueError("cannot be written")
                super().settle(finished)

        rows.due.extend(["a", "poison", "b"])
        draining.register(Drain(name="t", due=list, open=lambda key: Fussy(rows, str.upper)))
        assert draining.run("t", "key", linger=0) == 3
        assert rows.settled == {"a": "A", "b": "B"}

    def test_a_claim_that_fails_with_nothing_in_the_air_ends_the_drain(self, rows):
        class Down(Work):
            def claim(self, free):
                raise OperationalError("away")

        draining.register(Drain(name="t", due=list, open=lambda key: Down(rows, str.upper)))
        with pytest.raises(OperationalError):
            draining.run("t", "key", linger=0)
        assert rows.is_closed


class TestWhatIsInTheAir:
    """It is leased: whatever else breaks, it has to come down and be settled."""

    @pytest.fixture(autouse=True)
    def _soon_again(self, monkeypatch):
        monkeypatch.setattr(rounds, "RECOVERY_SECONDS", 0)

    @pytest.mark.parametrize("fault", [OperationalError("away"), LookupError("no provider")])
    def test_is_settled_though_claims_fail(self, rows, fault):
        has_failed = threading.Event()

        class Broken(Work):
            claims = 0

            def claim(self, free):
                self.claims += 1
                if self.claims == 1:
                    return super().claim(free)
                has_failed.set()
                raise fault

        rows.due.append("in the air")
        work = Broken(rows, lambda name: has_failed.wait(10))
        draining.register(Drain(name="t", due=list, open=lambda key: work))
        with pytest.raises(type(fault)):  # once nothing is in the air any more
            draining.run("t", "key", linger=0)
        assert rows.settled == {"in the air": True}

    @pytest.mark.parametrize("asked", ["concurrency", "is_paced"])
    def test_is_settled_though_the_database_does_not_say_how_much_may_be(self, rows, asked):
        has_failed = threading.Event()

        class Forgetful(Work):
            def claim(self, free):
                if free <= 0 or has_failed.is_set():
                    return []
                return super().claim(free)

        def ask(work):
            if rows.due or has_failed.is_set():
                return 4 if asked == "concurrency" else False
            has_failed.set()
            raise OperationalError("away")

        def keep(work, value):
            """The work's own value is not asked for here."""

        setattr(Forgetful, asked, property(ask, keep))
        rows.due.append("in the air")
        draining.register(
            Drain(
                name="t",
                due=list,
                open=lambda key: Forgetful(rows, lambda name: has_failed.wait(10)),
            )
        )
        assert draining.run("t", "key", linger=0) == 1
        assert rows.settled == {"in the air": True}

    def test_comes_down_with_its_error_where_it_cannot_be_started(self, rows):
        class Unstartable(Work):
            def start(self, item):
                if item == "item-1":
                    raise RuntimeError("cannot be started")
                return super().start(item)

            def settle(self, finished):
                for item, future in finished:
                    self.rows.settled[item] = future.exception() or future.result()

        rows.due.extend(names(3))
        draining.register(Drain(name="t", due=list, open=lambda key: Unstartable(rows, str)))
        assert draining.run("t", "key", linger=0) == 3
        assert isinstance(rows.settled.pop("item-1"), RuntimeError)
        assert set(rows.settled) == {"item-0", "item-2"}


def settings_there() -> tuple[str, ...]:
    """Those of the server that are switched off."""
    with connection.cursor() as cursor:
        settings = ", ".join(f"current_setting('{name}')" for name in SWITCHED_OFF)
        cursor.execute(f"SELECT {settings}")
        return cursor.fetchone()


OFF = ("off",) * len(SWITCHED_OFF)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestFromTheFront:
    def test_the_server_has_its_settings_back_afterwards(self):
        before = settings_there()
        with from_the_front():
            assert settings_there() == OFF
        assert settings_there() == before != OFF

    def test_it_has_them_in_what_is_left_of_a_transaction(self):
        before = settings_there()
        with transaction.atomic():
            with from_the_front():
                assert settings_there() == OFF
            assert settings_there() == before

    def test_it_has_them_after_what_failed(self):
        before = settings_there()
        with pytest.raises(LookupError), from_the_front():
            raise LookupError
        assert settings_there() == before

    def test_one_within_another_ends_nothing(self):
        with from_the_front():
            with from_the_front():
                assert settings_there() == OFF
            assert settings_there() == OFF
