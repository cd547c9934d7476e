"""What waits longer than it should."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway_project.operations.doctor.ages import length
from gateway_project.operations.doctor.findings import About, Finding
from gateway_project.operations.lateness import (
    LATE,
    TOO_LATE,
    oldest_due_callback,
    oldest_due_message,
)

REMEDY = "Look at the workers' log, and start more workers."


def queues(about: About, now: datetime) -> Iterator[Finding]:
    """The oldest message and the oldest callback of those that stand still and may leave."""
    yield waiting(about, "Due messages", oldest_due_message(now), now)
    yield waiting(about, "Due callbacks", oldest_due_callback(now), now)


def waiting(about: About, name: str, oldest: datetime | None, now: datetime) -> Finding:
    late = now - oldest if oldest is not None else timedelta()
    if late > TOO_LATE:
        return about.problem(name, f"the oldest is {length(late)} late", REMEDY)
    if late > LATE:
        return about.attention(name, f"the oldest is {length(late)} late", REMEDY)
    return about.good(name, "none is late")
