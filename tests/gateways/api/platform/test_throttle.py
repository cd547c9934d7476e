"""So many requests of a key in a second, and what is told of it."""

import pytest
from django.db import OperationalError

from gateways import allowances
from gateways.api.platform.throttle import PlatformThrottle
from gateways.models import Key
from tests.factories import LabelFactory
from tests.platform_caller import BRAND_SECRET, error, get, platform_key

PATH = "/platform/v1/suppressions"
NOON = 1_772_970_000_000_000


@pytest.fixture(autouse=True)
def _two_in_a_second(db, monkeypatch):
    monkeypatch.setattr(PlatformThrottle, "requests", 2)
    monkeypatch.setattr(allowances, "clock", lambda: str(NOON))


def test_who_asks_too_often_is_told_when_to_come_again(monkeypatch):
    label = LabelFactory()
    platform_key(label)
    platform_key(label, secret=BRAND_SECRET)
    answers = [get(PATH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert error(answers[-1]) == (429, "too_many_requests", "")
    assert answers[-1].headers["Retry-After"] == "1"
    told = [answer.headers["RateLimit"] for answer in answers]
    assert told == [f'"platform";r={rest};t=1' for rest in (1, 0, 0)]
    assert answers[0].headers["RateLimit-Policy"] == '"platform";q=2;w=1'
    assert get(PATH, key=BRAND_SECRET).status_code == 200, "each key has its own"
    monkeypatch.setattr(allowances, "clock", lambda: str(NOON + 500_000))
    allowances.forget()
    assert get(PATH).status_code == 200


def test_a_key_may_have_a_limit_of_its_own():
    label = LabelFactory()
    platform_key(label)
    Key.objects.update(rate_per_second=1)
    assert [get(PATH).status_code for _ in range(2)] == [200, 429]


def test_who_cannot_be_counted_is_not_limited(monkeypatch):
    platform_key(LabelFactory())

    def broken(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr(allowances, "_spend", broken)
    answers = [get(PATH) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "RateLimit" not in answers[0].headers
