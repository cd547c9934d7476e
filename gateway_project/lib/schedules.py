"""When to try again."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

JITTER = 0.1


def delay(schedule: Sequence[float], attempts: int) -> float | None:
    """Seconds to wait after the `attempts`-th try, a tenth more or less; None when out of tries."""
    if attempts > len(schedule):
        return None
    return schedule[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311


def retry_after(
    headers: Mapping[str, str], *, now: Callable[[], datetime], cap: float
) -> float | None:
    """Seconds that an answer's Retry-After (RFC 9110, 10.2.3) asks for, at most `cap`; or None.

    A date is held against the answer's own Date, since both are by the peer's clock, and against
    `now` only where there is none.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), cap)
    moment = _moment(text)
    if moment is None:
        return None
    since = _moment(headers.get("date", "")) or now()
    return min(max((moment - since).total_seconds(), 0.0), cap)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
