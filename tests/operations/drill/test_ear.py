"""Smartico's ear: what the gateway makes of each mood, and what counts as heard."""

import asyncio
import random
from datetime import UTC, datetime
from functools import partial

import aiohttp
import pytest

from callbacks.answers import Outcome, judge
from gateway_project.lib.http import HttpAnswer, NoAnswer
from gateway_project.operations.drill import ear as ear_module
from gateway_project.operations.drill.ear import (
    LAGS,
    MOODS,
    MOST_TOO_LATE,
    SLOW,
    TOO_LATE,
    Ear,
    _lag,
)

MEANT = {"": Outcome.ACKNOWLEDGED, "not found": Outcome.NOT_FOUND, SLOW: Outcome.ACKNOWLEDGED}


class Unlucky(random.Random):
    """Every callback meets the mood."""

    def random(self) -> float:
        return 0.0


async def tell(ear: Ear, api_key: str = "key") -> HttpAnswer | NoAnswer:
    query = {"ext_message_id": "m1", "status": "delivered", "api_key": api_key}
    try:
        async with aiohttp.ClientSession() as session, session.get(ear.url, params=query) as answer:
            return HttpAnswer(status=answer.status, body=await answer.read())
    except aiohttp.ClientError:
        return NoAnswer("hung up")


def told_in(mood: str, api_key: str = "key") -> tuple[Outcome, Ear]:
    async def story() -> tuple[Outcome, Ear]:
        ear = Ear("key", Unlucky())
        await ear.open()
        ear.mood = mood
        try:
            verdict = judge(await tell(ear, api_key), now=partial(datetime.now, UTC))
        finally:
            await ear.close()
        return verdict.outcome, ear

    return asyncio.run(story())


@pytest.mark.parametrize("mood", ["", *MOODS])
def test_what_the_gateway_takes_for_acknowledged_is_what_was_heard(mood):
    outcome, ear = told_in(mood)
    assert outcome == MEANT.get(mood, Outcome.FAILED)
    assert {told.is_heard for told in ear.told} == {outcome == Outcome.ACKNOWLEDGED}


def test_who_has_not_the_key_is_a_stranger():
    assert told_in("", api_key="another")[1].strangers == 1
    assert told_in("")[1].strangers == 0


def test_who_is_gone_before_it_answers_was_not_heard():
    async def story() -> Ear:
        ear = Ear("key", Unlucky())
        await ear.open()
        ear.hold()
        telling = asyncio.create_task(tell(ear))
        while not ear.in_the_air:
            await asyncio.sleep(0.01)
        telling.cancel()
        while ear.in_the_air:
            await asyncio.sleep(0.01)
        ear.release()
        await ear.close()
        return ear

    assert asyncio.run(story()).told == []


def given_up_on(gives_up_seconds: float, monkeypatch) -> tuple[Ear, list[str]]:
    """Whoever tells it, in the mood in which it answers too late, hangs up; and tells it again."""
    monkeypatch.setattr(ear_module, "GIVES_UP_SECONDS", gives_up_seconds)
    monkeypatch.setattr(ear_module, "TOO_LATE_SECONDS", 0.0)

    async def story() -> tuple[Ear, list[str]]:
        ear = Ear("key", Unlucky())
        await ear.open()
        ear.mood = TOO_LATE
        telling = asyncio.create_task(tell(ear))
        while not ear._waiting_in_vain:
            await asyncio.sleep(0.01)
        busy = ear.in_the_air
        telling.cancel()
        while not ear.told:
            await asyncio.sleep(0.01)
        again = judge(await tell(ear), now=partial(datetime.now, UTC))
        await ear.close()
        assert busy == 0
        return ear, [again.outcome]

    return asyncio.run(story())


def test_what_is_answered_too_late_is_heard_when_the_caller_is_gone_and_again_the_next_time(
    monkeypatch,
):
    ear, outcomes = given_up_on(0.0, monkeypatch)
    assert outcomes == [Outcome.ACKNOWLEDGED]
    first, again = ear.told
    assert first.is_heard
    assert again.is_heard
    assert first.came_at < first.at <= again.came_at
    assert ear.given_up == 1


def test_a_caller_that_was_gone_sooner_has_died_and_not_given_up(monkeypatch):
    assert given_up_on(60.0, monkeypatch)[0].given_up == 0


def test_a_few_at_a_time_are_answered_too_late(monkeypatch):
    ear = Ear("key", Unlucky())
    ear.mood, ear._waiting_in_vain = TOO_LATE, MOST_TOO_LATE
    told = {"ext_message_id": "m1", "status": "delivered"}
    assert ear._mood_for(told) == ""
    ear._waiting_in_vain -= 1
    assert ear._mood_for(told) == TOO_LATE


def test_an_earlier_status_of_every_second_message_takes_longer():
    lagging = [{"ext_message_id": f"m{n}", "status": "accepted"} for n in range(100)]
    lags = [_lag(each) for each in lagging]
    assert set(lags) == {0.0, LAGS["accepted"]}
    later = [_lag({**each, "status": "delivered"}) for each in lagging]
    assert all(first > second or first == 0.0 for first, second in zip(lags, later, strict=True))
    assert {_lag({**each, "status": "opened"}) for each in lagging} == {0.0}


def test_one_status_is_refused_so_often_and_no_oftener():
    ear = Ear("key", Unlucky(), most_refusals=2)
    ear.mood = "500"
    told = {"ext_message_id": "m1", "status": "delivered"}
    assert [ear._mood_for(told) for _ in range(3)] == ["500", "500", ""]
    assert ear._mood_for({**told, "status": "opened"}) == "500"
