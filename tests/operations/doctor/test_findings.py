"""Findings, and how they are weighed."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, worst

ABOUT = About("x")
GOOD, NOTE = ABOUT.good("", ""), ABOUT.note("", "")
ATTENTION, PROBLEM = ABOUT.attention("", "", ""), ABOUT.problem("", "", "")


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        ([], "green"),
        ([GOOD, NOTE], "grey"),
        ([ATTENTION, GOOD], "yellow"),
        ([GOOD, PROBLEM, ATTENTION], "red"),
    ],
)
def test_the_worst_counts(findings, state):
    assert worst(findings) == state


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (200_000, "2 days ago")],
)
def test_ages_are_told_in_words(seconds, words):
    now = datetime(2026, 9, 8, tzinfo=UTC)
    assert ago(now - timedelta(seconds=seconds), now) == words
