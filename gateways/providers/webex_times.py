"""When Webex Connect delivers a message, and until when.

Source: "Send Message v2". Only one of `validity` and `expireAt` may be given. Whether `validity`
counts from the request or from `sendAt` is not documented: with a `sendAt`, the end is told as a
moment. A message is valid for 72 hours at most.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateways.providers.base import MessageRejected

LONGEST_VALIDITY = timedelta(hours=72)
FARTHEST = timedelta(days=7)
EXPIRE_AT = "expireAt"


def ending(
    expires_at: datetime | None, shared: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """How the end of a message is told."""
    if expires_at is None:
        return {}
    now = datetime.now(UTC)
    if "sendAt" in shared or config.get("expiry") == EXPIRE_AT:
        begins = _read(shared["sendAt"]) if "sendAt" in shared else now
        return {EXPIRE_AT: written(min(expires_at, begins + LONGEST_VALIDITY))}
    left = min(expires_at - now, LONGEST_VALIDITY)
    return {"validity": max(int(left.total_seconds()), 1)}


def send_at(value: object, *, until: datetime | None) -> str:
    """The moment to deliver at, as it is sent; "" where there is none or it has come.

    Raises MessageRejected for one that cannot be read or kept.
    """
    if value in (None, ""):
        return ""
    moment, now = _read(value), datetime.now(UTC)
    if moment <= now:
        return ""
    if moment > now + FARTHEST:
        raise MessageRejected("it is to be sent more than 7 days from now")
    if until is not None and moment >= until:
        raise MessageRejected("it expires before it is to be sent")
    return written(moment)


def written(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as the samples have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(value: object) -> datetime:
    """A time in ISO 8601 with its zone, or in seconds since 1970."""
    try:
        text = str(value).strip()
        moment = (
            datetime.fromtimestamp(int(text), UTC)
            if text.isascii() and text.isdigit()
            else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MessageRejected("the time to send it at is not ISO 8601 with a zone, or Unix seconds")
    return moment
