"""What is usual is learnt from the past, and what goes beyond it is judged: over plain values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.values import GuardValues
from messages_app.guarding.verdict import (
    ENOUGH_ENDED,
    Counts,
    Kind,
    Usual,
    judge,
    learn,
    limit,
    share_limit,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 3, 30, 10, tzinfo=UTC)
GUARD = GuardValues(is_on=True, times=3.0, least=1_000, failure_share=0.5)
WEEKS = Usual(most=9_000, failed_share=0.03, days=27)

guards = st.builds(
    GuardValues,
    is_on=st.just(True),
    times=st.floats(1, 100),
    least=st.integers(1, 1_000_000),
    failure_share=st.none() | st.floats(0.01, 1),
)
usuals = st.builds(
    Usual,
    most=st.integers(0, 10_000_000),
    failed_share=st.floats(0, 1),
    days=st.integers(0, 28),
)
sizes = st.integers(0, 10_000_000)
counts = st.builds(Counts, accepted=sizes, went_well=sizes, failed=sizes)


def struck(guard, usual, *, seen=(), **values):
    verdict = judge(guard, usual, Counts(**values), struck=seen)
    return verdict and verdict.kind


class TestLearning:
    def test_it_is_the_most_at_this_time_of_the_day_in_four_weeks(self):
        past = {
            NOW - 28 * DAY: Counts(accepted=700),
            NOW - 7 * DAY: Counts(accepted=900),
            NOW - 3 * DAY + 5 * HOUR: Counts(accepted=50_000),
            NOW - 29 * DAY: Counts(accepted=60_000),
        }
        assert learn(past, NOW) == Usual(most=900, days=28)

    @pytest.mark.parametrize(("apart", "most"), [(-2, 0), (-1, 900), (0, 900), (1, 900), (2, 0)])
    def test_the_hours_before_and_after_it_count_too(self, apart, most):
        past = {NOW - 7 * DAY + apart * HOUR: Counts(accepted=900)}
        assert learn(past, NOW).most == most

    @pytest.mark.parametrize("at", [0, 23])
    def test_so_do_those_beyond_midnight(self, at):
        midnight = NOW.replace(hour=at)
        other = midnight - 7 * DAY + (HOUR if at else -HOUR)
        assert learn({other: Counts(accepted=900)}, midnight).most == 900

    def test_today_teaches_nothing(self):
        today = {NOW - back * HOUR: Counts(accepted=9_000, failed=9_000) for back in range(22)}
        assert learn(today, NOW) == Usual()

    def test_the_share_that_fails_is_that_of_all_hours_of_a_week(self):
        past = {
            NOW - 7 * DAY - HOUR: Counts(failed=1_000),
            NOW - 7 * DAY: Counts(went_well=80),
            NOW - 6 * DAY + 6 * HOUR: Counts(went_well=10, failed=10),
        }
        assert learn(past, NOW).failed_share == pytest.approx(0.1)

    def test_less_than_a_week_is_too_little(self):
        assert not learn({NOW - 6 * DAY: Counts(accepted=1)}, NOW).is_learnt
        assert learn({NOW - 7 * DAY: Counts(accepted=1)}, NOW).is_learnt

    @given(st.dictionaries(st.integers(1, 900), counts), st.integers(0, 1_000))
    def test_more_of_the_past_never_makes_the_usual_less(self, by_age, age):
        past = {NOW - back * HOUR: each for back, each in by_age.items()}
        more = past | {NOW - age * HOUR: Counts(accepted=10_000_001)}
        assert learn(more, NOW).most >= learn(past, NOW).most


class TestVolume:
    def test_so_many_times_the_usual_is_still_let_through_and_one_more_is_not(self):
        assert struck(GUARD, WEEKS, accepted=27_000) is None
        assert struck(GUARD, WEEKS, accepted=27_001) is Kind.VOLUME

    def test_until_a_week_is_known_what_is_set_holds(self):
        young = Usual(most=9_000, days=3)
        assert struck(GUARD, young, accepted=1_000) is None
        assert struck(GUARD, young, accepted=1_001) is Kind.VOLUME

    def test_the_reason_says_how_many_and_what_is_usual(self):
        told = judge(GUARD, WEEKS, Counts(accepted=120_000))
        assert told.reason == "blast guard: 120,000 messages this hour, usual at most 9,000"
        young = judge(GUARD, Usual(), Counts(accepted=1_200))
        assert young.reason == (
            "blast guard: 1,200 messages this hour, at most 1,000 until a week is known"
        )

    def test_what_was_released_in_this_hour_is_not_held_again_for_the_same(self):
        assert struck(GUARD, WEEKS, accepted=120_000, seen={Kind.VOLUME}) is None
        bad = {"accepted": 120_000, "failed": 900, "went_well": 100}
        assert struck(GUARD, WEEKS, **bad, seen={Kind.VOLUME}) is Kind.FAILURES

    @given(guards, usuals, counts)
    def test_what_is_set_is_never_too_many(self, guard, usual, present):
        if present.accepted <= guard.least:
            assert struck(guard, usual, accepted=present.accepted) is None

    @given(guards, usuals, counts)
    def test_what_is_usual_is_never_too_many_once_it_is_known(self, guard, usual, present):
        if usual.is_learnt and present.accepted <= usual.most:
            assert struck(guard, usual, accepted=present.accepted) is None

    @given(guards, usuals, counts, sizes)
    def test_if_so_many_are_too_many_then_more_are_too(self, guard, usual, present, more):
        if struck(guard, usual, accepted=present.accepted):
            assert struck(guard, usual, accepted=present.accepted + more)

    @given(guards, usuals, counts)
    def test_nothing_beyond_the_limit_gets_by(self, guard, usual, present):
        is_over = present.accepted > limit(guard, usual)
        assert (struck(guard, usual, accepted=present.accepted) is Kind.VOLUME) == is_over


class TestFailures:
    def test_half_of_them_is_let_through_and_more_is_not(self):
        assert struck(GUARD, WEEKS, went_well=100, failed=100) is None
        assert struck(GUARD, WEEKS, went_well=100, failed=101) is Kind.FAILURES

    def test_of_a_few_no_share_is_told(self):
        assert struck(GUARD, WEEKS, failed=ENOUGH_ENDED - 1) is None
        assert struck(GUARD, WEEKS, failed=ENOUGH_ENDED) is Kind.FAILURES

    def test_where_many_fail_as_a_rule_it_takes_more(self):
        poor = Usual(failed_share=0.25, days=20)
        assert share_limit(GUARD, poor) == 0.75
        assert share_limit(GUARD, Usual(failed_share=0.6, days=20)) == 0.95
        assert share_limit(GUARD, Usual(failed_share=0.25, days=2)) == 0.5

    def test_without_a_share_they_are_not_watched(self):
        unwatched = GuardValues(is_on=True, times=3.0, least=1_000, failure_share=None)
        assert struck(unwatched, WEEKS, failed=1_000) is None

    def test_the_reason_says_which_share_and_what_is_usual(self):
        told = judge(GUARD, WEEKS, Counts(went_well=180, failed=300))
        assert told.reason == "blast guard: 62% of 480 messages failed this hour, usual 3%"

    @given(guards, usuals, counts, sizes)
    def test_messages_that_go_well_never_bring_it_about(self, guard, usual, present, more):
        ended = {"went_well": present.went_well, "failed": present.failed}
        if struck(guard, usual, **ended) is None and present.ended >= ENOUGH_ENDED:
            ended["went_well"] += more
            assert struck(guard, usual, **ended) is None
