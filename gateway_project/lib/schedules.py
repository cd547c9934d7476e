"""When to try again."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

JITTER = 0.1


def delay(schedule: Sequence[float], attempts: int) -> float | None:
    """Seconds to wait after the `attempts`-th try, a tenth more or less; None when out of tries."""
    if attempts > len(schedule):
        return None
    return schedule[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311


def retry_after(header: str, *, now: datetime, cap: float) -> float | None:
    """Seconds that a Retry-After header (RFC 9110, 10.2.3) asks for, at most `cap`; or None."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), cap)
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), cap)
