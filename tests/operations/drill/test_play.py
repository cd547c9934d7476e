"""The play: what is played when, and when a drill has passed."""

import asyncio
from collections import Counter
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from rich.console import Console

from gateway_project.operations.drill import play as play_module
from gateway_project.operations.drill.faults import DEATHS, Fault, Need
from gateway_project.operations.drill.ledger import check
from gateway_project.operations.drill.plan import QUICK_SETTLED_BY, QUICK_SETTLED_SECONDS, Plan
from gateway_project.operations.drill.play import NO_TIME, NOT_OURS, TRIES, Outcome, Play
from gateway_project.operations.drill.report import TOO_SLOW, as_json, show, verdict
from gateway_project.operations.drill.scene import Missed
from tests.operations.drill.test_ledger import AGREED

QUICK = Plan(seed=1, began=0.0)
FOR_AGES = float("inf")
LEAST = {"scheduler killed", *sorted(DEATHS - {"scheduler killed"})[: (len(DEATHS) - 1) // 2]}
"""Half of the deaths, the odd one included."""


def outcome(**changes: object) -> Outcome:
    passed = {
        "plan": QUICK,
        "findings": check(AGREED),
        "played": Counter({"a": 1}),
        "effects": Counter({"a": 1}),
        "missed": Counter(),
        "left_out": {},
        "refused": {},
        "ended": [],
        "is_settled": True,
        "posted": 8,
        "broken": 0,
        "seconds": 1.0,
    }
    return Outcome(**{**passed, **changes})


def test_a_drill_has_passed_in_which_what_was_missed_was_played_later():
    assert outcome().has_passed
    assert outcome(missed=Counter({"a": TRIES})).has_passed


def test_what_there_was_no_time_for_is_told_and_no_shortfall():
    short = outcome(left_out={"b": NO_TIME, "c": NOT_OURS})
    assert short.has_passed
    assert short.out_of_time == ["b"]


@pytest.mark.parametrize(
    ("played", "untried"),
    [
        ({"a"}, {"b", "c"}),
        ({"a", "b", "c", *LEAST - {"scheduler killed"}}, DEATHS - LEAST | {"scheduler killed"}),
    ],
)
def test_a_machine_that_had_no_time_for_most_faults_or_most_deaths_proves_nothing(played, untried):
    short = outcome(played=Counter(played), left_out=dict.fromkeys(untried, NO_TIME))
    assert short.is_too_slow
    assert not short.has_passed
    assert verdict(short) == TOO_SLOW


def test_half_of_the_deaths_are_enough():
    short = outcome(played=Counter(LEAST), left_out=dict.fromkeys(DEATHS - LEAST, NO_TIME))
    assert short.has_passed
    assert verdict(outcome(ended=["web"])) != verdict(short) != TOO_SLOW


@pytest.mark.parametrize(
    "changes",
    [
        {"missed": Counter({"b": TRIES})},
        {"refused": {"HTTP 200, error_code 5": 1}},
        {"ended": ["web"]},
        {"is_settled": False},
        {"findings": check(replace(AGREED, sends={**AGREED.sends, "drill-1": 2}))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_has_not_where_anything_fell_short_or_a_fault_never_had_an_effect(changes):
    assert not outcome(**changes).has_passed


def played(monkeypatch, *effects: int | type[Missed], plan: Plan = QUICK) -> Play:
    """A lane with one fault, which has these effects one after the other."""
    coming = iter(effects)

    async def deed(scene: object) -> int:
        effect = next(coming)
        if effect is Missed:
            raise Missed
        return effect

    monkeypatch.setattr(play_module, "FAULTS", {"a": Fault(play=deed)})
    monkeypatch.setattr(Plan, "pauses", (0.0, 0.0))
    scene = SimpleNamespace(dice=Random(1), crew=SimpleNamespace(ended=list))
    play = Play(plan=plan, scene=scene, tell=lambda news: None)
    until = FOR_AGES if plan.is_quick else 0.0
    asyncio.run(play._lane(["a"], until))
    return play


@pytest.mark.parametrize("plan", [QUICK, Plan(seed=1, began=0.0, minutes=0.0)])
def test_what_had_no_effect_is_missed_and_tried_once_more(monkeypatch, plan):
    assert played(monkeypatch, 3, plan=plan).played == {"a": 1}
    again = played(monkeypatch, 0, 3, plan=plan)
    assert (again.played, again.missed, again.effects) == ({"a": 1}, {"a": 1}, {"a": 3})
    never = played(monkeypatch, 0, Missed, 3, plan=plan)
    assert (never.played, never.missed) == ({}, {"a": TRIES})


def test_who_ends_without_having_been_killed_is_told_at_once_with_the_last_words_and_revived(
    monkeypatch,
):
    monkeypatch.setattr(play_module, "REVIVAL_SECONDS", 0.0)
    ended, told = iter([[], ["web"]]), []
    crew = SimpleNamespace(revive=lambda: next(ended, []))
    house = SimpleNamespace(last_words=lambda: ["ImportError: no name"])
    scene = SimpleNamespace(crew=crew, house=house, standstills=[])
    play = Play(plan=QUICK, scene=scene, tell=told.append)

    async def for_a_moment() -> None:
        async with play.watched():
            while not told:
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(for_a_moment(), 5))
    assert told == ["web ended by itself, and is started again", "  ImportError: no name"]
    assert play.ended == {"web"}


def watched(revive) -> tuple[Play, list[str]]:
    """A play that is watched until its body has looked away for a moment."""
    told: list[str] = []
    house = SimpleNamespace(last_words=list)
    scene = SimpleNamespace(crew=SimpleNamespace(revive=revive), house=house, standstills=[])
    return Play(plan=QUICK, scene=scene, tell=told.append), told


def test_who_ends_in_the_last_seconds_is_found_as_well():
    ended: list[list[str]] = []
    play, told = watched(lambda: ended.pop() if ended else [])

    async def until_the_last_moment() -> None:
        async with play.watched():
            await asyncio.sleep(0.05)
            ended.append(["worker-1"])

    asyncio.run(asyncio.wait_for(until_the_last_moment(), 5))
    assert play.ended == {"worker-1"}
    assert told == ["worker-1 ended by itself, and is started again"]


def test_a_play_that_nobody_can_watch_any_more_ends():
    def revive() -> list[str]:
        raise RuntimeError("the nursery has ended")

    play, _ = watched(revive)

    async def for_ages() -> None:
        async with play.watched():
            await asyncio.sleep(3600)

    with pytest.raises(ExceptionGroup) as failed:
        asyncio.run(asyncio.wait_for(for_ages(), 5))
    assert failed.group_contains(RuntimeError, match="the nursery has ended")


@pytest.mark.parametrize(
    "changes", [{"turned_away": 3}, {"stood_still": 3.0}, {"changed": ["callbacks/tries.py"]}]
)
def test_what_was_not_the_houses_own_doing_is_told_and_no_shortfall(changes):
    console = Console(record=True, width=200)
    show(console, outcome(**changes))
    told = console.export_text()
    assert any(str(words) in told for value in changes.values() for words in _words(value))
    assert outcome(**changes).has_passed
    assert as_json(outcome(**changes)).items() >= changes.items()


def _words(value: object) -> list[str]:
    return value if isinstance(value, list) else [f"{value} times", "for 3 seconds"]


def test_what_takes_longer_than_a_minute_allows_is_left_out_of_the_quick_one():
    scene = SimpleNamespace(database=None, broker=None)
    long = Fault(play=played, needs=Need.MINUTES)
    plays = [
        Play(plan=plan, scene=scene, tell=print) for plan in (QUICK, replace(QUICK, minutes=1))
    ]
    assert [play.why_not(long) for play in plays] == [Need.MINUTES.value, ""]


def test_the_quick_one_is_settled_by_the_same_moment_however_late_it_is_quiet():
    plan = Plan(seed=1, began=100.0)
    moments = {plan.settled_by(at_work=110.0, quiet_at=at) for at in (120.0, 150.0)}
    assert moments == {100.0 + QUICK_SETTLED_BY}


def test_a_machine_that_is_late_at_work_has_some_time_all_the_same():
    plan = Plan(seed=1, began=100.0)
    assert plan.settled_by(at_work=145.0, quiet_at=153.0) == 145.0 + QUICK_SETTLED_SECONDS
    assert plan.faults_until(145.0) < 145.0 + QUICK_SETTLED_SECONDS


def test_a_longer_one_settles_from_when_it_is_quiet():
    plan = Plan(seed=1, began=100.0, minutes=1.0)
    moments = [plan.settled_by(at_work=110.0, quiet_at=at) for at in (120.0, 150.0)]
    assert moments[1] - moments[0] == 30.0
