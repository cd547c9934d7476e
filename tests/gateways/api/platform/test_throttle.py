"""So many requests of a key in a second, and what is told of it."""

import pytest
import time_machine
from django.core.cache import cache

from gateways.api.platform import throttle
from gateways.api.platform.throttle import PlatformThrottle
from tests.factories import LabelFactory
from tests.platform_caller import BRAND_SECRET, error, get, platform_key

PATH = "/platform/v1/suppressions"


@pytest.fixture(autouse=True)
def _two_in_a_second(db, monkeypatch):
    monkeypatch.setattr(PlatformThrottle, "requests", 2)
    cache.clear()
    yield
    cache.clear()


def test_who_asks_too_often_is_told_when_to_come_again():
    label = LabelFactory()
    platform_key(label)
    platform_key(label, secret=BRAND_SECRET)
    with time_machine.travel("2026-03-08T09:30:00.250Z", tick=False) as clock:
        answers = [get(PATH) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert error(answers[-1]) == (429, "too_many_requests", "")
        assert answers[-1].headers["Retry-After"] == "1"
        told = [answer.headers["RateLimit"] for answer in answers]
        assert told == [f'"platform";r={rest};t=1' for rest in (1, 0, 0)]
        assert answers[0].headers["RateLimit-Policy"] == '"platform";q=2;w=1'
        assert get(PATH, key=BRAND_SECRET).status_code == 200, "each key has its own"
        clock.shift(0.75)
        assert get(PATH).status_code == 200


def test_a_cache_that_does_not_answer_limits_nobody(monkeypatch):
    platform_key(LabelFactory())

    def broken(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(throttle.cache, "incr", broken, raising=False)
    answers = [get(PATH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "RateLimit" not in answers[0].headers
