"""Webex Connect's outbound webhooks: its receipts as our statuses.

Source: "Outbound Webhooks" on developers.webexconnect.io, whose samples differ in spelling, nesting
and codes. So the word decides, letters only, and the code refines it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway_project.lib.vocabulary import Status
from gateways.providers.values import StatusUpdate, identifier, spoken

WORDS: Mapping[str, Status] = {
    "queued": Status.ACCEPTED,
    "submitted": Status.ACCEPTED,
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "read": Status.OPENED,
    "clicked": Status.CLICKED,
}
"""`deliveryStatus`, its letters only and in lower case."""

REJECTED_CODES = frozenset({"7109", "7240", "7241", "7523"})
"""Codes of a failure that was a refusal: do not disturb, bounced before, opted out, invalid."""

PART_SUFFIX = re.compile(r"_\d+\Z")


def receipt(item: object) -> StatusUpdate:
    """One receipt. The ids stand beside `deliveryInfo` or in it, in varying case."""
    notification = _part(item, "deliveryInfoNotification") or item
    info = _part(notification, "deliveryInfo")
    if not info:
        return StatusUpdate(status=None, detail="no deliveryInfo in it")
    told = _lowered(info) | _lowered(notification)
    word = spoken(told.get("deliverystatus"))
    code = identifier(told.get("code")) or ""
    status = WORDS.get("".join(filter(str.isalpha, word.lower())))
    is_rejection = status is Status.FAILED and code in REJECTED_CODES
    return StatusUpdate(
        status=Status.REJECTED if is_rejection else status,
        message_id=identifier(told.get("correlationid")) or identifier(told.get("callbackdata")),
        provider_id=_transaction(told.get("transid")),
        word=word,
        detail=f"{code} {_reason(status, told)}".strip(),
        occurred_at=_moment(told.get("timestamp")),
    )


def _reason(status: Status | None, told: Mapping[str, Any]) -> object:
    """The provider's reason; of a click it would be the address from which it came."""
    return "" if status is Status.CLICKED else told.get("description", "")


def _part(item: object, name: str) -> Mapping[str, Any]:
    part = item.get(name) if isinstance(item, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _lowered(item: object) -> dict[str, Any]:
    """Its filled-in entries under lower-case names."""
    pairs = item.items() if isinstance(item, Mapping) else ()
    return {name.lower(): value for name, value in pairs if value not in ("", None)}


def _transaction(value: object) -> str | None:
    """The `messageId` in a `transid`, which may have the part's number behind it."""
    transaction = identifier(value)
    return PART_SUFFIX.sub("", transaction) if transaction else None


def _moment(value: object) -> datetime | None:
    """The time of the receipt, where it says which zone it is in."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
