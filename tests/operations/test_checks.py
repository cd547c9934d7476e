"""The system checks: each refuses its own mistake, and shows no value."""

import re
from collections import Counter

import pytest
from django.conf import settings as house
from django.core.checks import run_checks

pytestmark = pytest.mark.django_db

KEY = "a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LTMyYnk="
CANARY = "canary-value"

MISTAKES = [
    ("gatehouse.E001", {"SECRET_KEY": "unset: the system checks refuse the start"}),
    ("gatehouse.E002", {"PII_KEYS": ""}),
    ("gatehouse.E003", {"PII_INDEX_KEY": ""}),
    ("gatehouse.E004", {"PII_KEYS": CANARY}),
    ("gatehouse.E004", {"PII_KEYS": f"k1:{KEY},k1:{KEY}"}),
    ("gatehouse.E004", {"PII_KEYS": f"k1:{CANARY}"}),
    ("gatehouse.E005", {"EGRESS_ALLOW": ["10.0.0.0/8", f"http://{CANARY}/"]}),
    ("gatehouse.E005", {"EGRESS_ALLOW": ["10.0.0.0/99"]}),
    ("gatehouse.E005", {"EGRESS_ALLOW": ["mail.internal:2525"]}),
    ("gatehouse.E006", {"PUBLIC_URL": "gateway.example.com"}),
    ("gatehouse.E006", {"PUBLIC_URL": "ftp://gateway.example.com"}),
    ("gatehouse.E006", {"PUBLIC_URL": "https://gateway.example.com/?x=1"}),
    ("gatehouse.E007", {"DEBUG": True, "PUBLIC_URL": "https://gateway.example.com"}),
    ("gatehouse.E008", {"TRUSTED_PROXIES": -1}),
    ("gatehouse.E016", {"METRICS_ALLOW": ["127.0.0.0/8", CANARY]}),
    ("gatehouse.E017", {"METRICS_TOKEN": CANARY}),
    ("gatehouse.E018", {"ALERTS_EMAIL_URL": f"smtp://{CANARY}"}),
    ("gatehouse.E018", {"ALERTS_EMAIL_URL": f"smtp://x:{CANARY}@", "ALERTS_FROM": "a@b.example"}),
    ("gatehouse.E020", {"LEASE_SECONDS": 4}),
    ("gatehouse.E021", {"BROKER_URL": f"http://x:{CANARY}@broker.example"}),
    ("gatehouse.E021", {"BROKER_URL": f"redis://redis.example;{CANARY}"}),
    ("gatehouse.E009", {"PROVIDERS": ["gateways.providers.nowhere.Nowhere"]}),
]


def problems():
    return [found for found in run_checks() if str(found.id).startswith("gatehouse.")]


def test_no_two_mistakes_have_one_id():
    source = (house.BASE_DIR / "gateway_project" / "checks.py").read_text()
    ids = Counter(re.findall(r"gatehouse\.[EW]\d+", source))
    assert ids
    assert set(ids.values()) == {1}


def test_the_settings_as_they_are_have_no_problem():
    assert problems() == []


@pytest.mark.parametrize(("check_id", "mistake"), MISTAKES)
def test_a_mistake_is_refused_with_its_id_and_a_hint(settings, check_id, mistake):
    for name, value in mistake.items():
        setattr(settings, name, value)
    (problem,) = problems()
    assert problem.id == check_id
    assert problem.hint
    assert CANARY not in f"{problem.msg} {problem.hint}"


@pytest.mark.parametrize(
    "allowed",
    [
        {"EGRESS_ALLOW": ["mail.internal", "*.internal", "10.0.0.0/8", "::1"]},
        {"PUBLIC_URL": "https://gateway.example.com"},
        {"ALERTS_EMAIL_URL": "smtp://mail.example.com", "ALERTS_FROM": "Gatehouse <g@b.example>"},
        {"METRICS_ALLOW": ["10.0.0.1", "fd00::/8"], "METRICS_TOKEN": "x" * 16},
        {"PII_KEYS": f"k2:{KEY},k1:{KEY}"},
        {"BROKER_URL": "redis://127.0.0.1:6379/0"},
        {"BROKER_URL": "redis+socket:///run/redis.sock"},
        {"BROKER_URL": "amqp://guest:guest@one.example//;amqp://guest:guest@two.example//"},
    ],
)
def test_what_is_right_is_let_through(settings, allowed):
    for name, value in allowed.items():
        setattr(settings, name, value)
    assert problems() == []
