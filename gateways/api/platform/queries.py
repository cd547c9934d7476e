"""The parameters of a list: how much of it, from where on, and what narrows it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rest_framework.request import Request

from gateways.api.platform.errors import invalid

LIMIT, MOST = 100, 1_000
CURSOR = re.compile(r"(?P<microseconds>[0-9]{0,16})\.(?P<row>[0-9a-f]{32})")
NUMBER = re.compile(r"[0-9]{1,18}")
NOT_GIVEN_OUT = "it is none that was given out"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parameters_of(request: Request, *known: str, repeated: str = "") -> Mapping[str, str]:
    """Each at most once but for `repeated`; a mistyped one would ask for something else. Raises
    PlatformError."""
    given = request.query_params
    for name in given:
        if name not in known:
            raise invalid("", f"there is an unknown parameter; known are {', '.join(known)}")
        if name != repeated and len(given.getlist(name)) > 1:
            raise invalid(name, "it is there twice")
    return {name: str(given[name]) for name in given}


def limit_of(parameters: Mapping[str, str]) -> int:
    """How many rows a page has. Raises PlatformError."""
    text = parameters.get("limit", str(LIMIT))
    if text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= MOST:
        return int(text)
    raise invalid("limit", f"a number from 1 to {MOST:,} is expected")


def moment_of(parameters: Mapping[str, str], name: str) -> datetime | None:
    """The moment that is named, in UTC and not before 1970. Raises PlatformError."""
    text = parameters.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return max(moment.astimezone(UTC), EPOCH)
    except (ValueError, OverflowError):
        pass
    raise invalid(name, "a moment such as 2026-03-08T09:30:00Z is expected")


def cursor_of(row: UUID, moment: datetime | None = None) -> str:
    """Where the next page begins: after this row, in the order of that moment or of the ids."""
    microseconds = "" if moment is None else str((moment - EPOCH) // timedelta(microseconds=1))
    return f"{microseconds}.{row.hex}"


def number_cursor(row: int) -> str:
    """The same in the order of numbers."""
    return str(row)


def read_number_cursor(parameters: Mapping[str, str]) -> int | None:
    """The number that a cursor names. Raises PlatformError."""
    text = parameters.get("cursor")
    if text is None:
        return None
    if NUMBER.fullmatch(text) is None:
        raise invalid("cursor", NOT_GIVEN_OUT)
    return int(text)


def read_cursor(parameters: Mapping[str, str]) -> tuple[datetime, UUID] | None:
    """The row that a cursor names, and its moment. Raises PlatformError."""
    text = parameters.get("cursor")
    if text is None:
        return None
    found = CURSOR.fullmatch(text)
    if found is None:
        raise invalid("cursor", NOT_GIVEN_OUT)
    moment = EPOCH + timedelta(microseconds=int(found["microseconds"] or 0))
    return moment, UUID(found["row"])
