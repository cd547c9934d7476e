"""What a process begins with: only what the settings ask for."""

import pytest
from django.core.checks import run_checks

from gateway_project.lib import fault_reports, observing, shared_counts, tracing

ASKED = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "SENTRY_DSN": "https://canary@127.0.0.1/7",
}


@pytest.fixture
def begun(monkeypatch):
    """Who was begun, without beginning anything in this process."""
    begun = []
    monkeypatch.setattr(shared_counts, "share", lambda path: begun.append("counts"))
    monkeypatch.setattr(tracing, "begin", lambda url, **more: begun.append(("traces", more)))
    monkeypatch.setattr(fault_reports, "begin", lambda dsn, **more: begun.append(("faults", more)))
    return begun


def test_nothing_but_the_counting_is_begun_by_itself(begun):
    observing.begin("worker")
    assert begun == ["counts"]


def test_what_is_set_is_begun(begun, settings):
    for name, value in ASKED.items():
        setattr(settings, name, value)
    settings.TRACED_SHARE = 0.25
    observing.begin("worker")
    assert begun[1:] == [
        ("traces", {"service": "worker", "share": 0.25}),
        ("faults", {"environment": settings.ENVIRONMENT}),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ASKED)
def test_the_start_refuses_what_is_not_installed(settings, monkeypatch, name):
    setattr(settings, name, ASKED[name])
    assert observing.not_installed() == []
    for module in (tracing, fault_reports):
        monkeypatch.setattr(module, "PACKAGES", ("not_installed_at_all.sdk",))
    (problem,) = [each for each in run_checks() if each.id == "gatehouse.E019"]
    assert name in problem.msg
    assert "canary" not in problem.msg
