"""Webex Connect's outbound webhooks: its receipts as our statuses.

Sources: "Outbound Webhooks", "Email outbound webhooks", "API Status Codes", "Data Streams - RCS" on
developers.webexconnect.io. The samples differ in spelling, nesting and codes. So the word decides,
letters only, and the code refines it.

A bounce (7520) does not say whether it is for good, and a soft one may come after Delivered: the
address is only taken to be at fault where the subscriber is unknown, the address is invalid, or it
bounced before. The parts of a long SMS are told apart by the number behind their `transid`, where
`messageCount` says that there are several; what has no such number is about the whole message.

A tap on a suggestion of an RCS message comes as what its reader wrote back. Whether the `transid`
in it is the message's is not documented, so it counts as a click on the last one to that number.
What else readers write is no receipt.
"""

import re
from collections.abc import Mapping
from typing import Any

from gateway_project.lib.vocabulary import Status
from gateways.providers.values import (
    StatusUpdate,
    identifier,
    moment_of,
    phone_number,
    spoken,
    unread,
)

WORDS: Mapping[str, Status] = {
    "queued": Status.ACCEPTED,
    "submitted": Status.ACCEPTED,
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "bounced": Status.FAILED,
    "bounce": Status.FAILED,
    "notverified": Status.FAILED,
    "invalid": Status.REJECTED,
    "complaint": Status.COMPLAINED,
    "read": Status.OPENED,
    "clicked": Status.CLICKED,
}
"""`deliveryStatus`, its letters only and in lower case."""

REJECTED_CODES = frozenset({"7109", "7240", "7241", "7523"})
"""Codes of a failure that was a refusal: do not disturb, bounced before, opted out, invalid."""
OPTED_OUT_CODE = "7241"
PERMANENT_CODES = frozenset({"7203", "7240", "7523"})
"""Codes of an address at fault: subscriber unknown, bounced before, invalid."""
ENDS = (Status.FAILED, Status.REJECTED)

POSTBACK = "postback"
FROM_READERS = frozenset({"mo", "attachment", "location"})
"""`event` of what a reader of an RCS message sends."""

PART_SUFFIX = re.compile(r"_(\d{1,4})\Z")


def receipts(item: object) -> list[StatusUpdate]:
    """What one notification tells; two things where a refusal says that the reader opted out."""
    event = spoken(_lowered(item).get("event")).lower()
    if event in FROM_READERS:
        return []
    if event == POSTBACK:
        return [_tap(_lowered(item))]
    update, code = _receipt(item)
    if update.status is Status.REJECTED and code == OPTED_OUT_CODE:
        return [update, _opt_out(update)]
    return [update]


def _receipt(item: object) -> tuple[StatusUpdate, str]:
    """One receipt and its code. The ids stand beside `deliveryInfo` or in it, in varying case."""
    notification = _part(item, "deliveryInfoNotification") or item
    info = _part(notification, "deliveryInfo")
    if not info:
        return unread(item, "no deliveryInfo in it"), ""
    told = _lowered(info) | _lowered(notification)
    word = spoken(told.get("deliverystatus"))
    code = identifier(told.get("code")) or ""
    status = _status(word, code)
    transaction, part, parts = _transaction(told)
    update = StatusUpdate(
        status=status,
        message_id=identifier(told.get("correlationid")) or identifier(told.get("callbackdata")),
        provider_id=transaction,
        word=word,
        detail=f"{code} {_reason(status, told)}".strip(),
        occurred_at=moment_of(told.get("timestamp")),
        is_permanent=status in ENDS and code in PERMANENT_CODES,
        part=part,
        parts=parts,
    )
    return update, code


def _status(word: str, code: str) -> Status | None:
    status = WORDS.get("".join(filter(str.isalpha, word.lower())))
    is_rejection = status is Status.FAILED and code in REJECTED_CODES
    return Status.REJECTED if is_rejection else status


def _opt_out(update: StatusUpdate) -> StatusUpdate:
    return StatusUpdate(
        status=Status.UNSUBSCRIBED,
        message_id=update.message_id,
        provider_id=update.provider_id,
        word=update.word,
        detail=update.detail,
        occurred_at=update.occurred_at,
    )


def _tap(told: Mapping[str, Any]) -> StatusUpdate:
    return StatusUpdate(
        status=Status.CLICKED,
        recipient=phone_number(told.get("msisdn")),
        word=POSTBACK,
        occurred_at=moment_of(told.get("ts")) or moment_of(told.get("datetime")),
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


def _transaction(told: Mapping[str, Any]) -> tuple[str | None, int, int]:
    """The `messageId` in a `transid`, the number of the part, and of how many it is one."""
    transaction = identifier(told.get("transid"))
    found = PART_SUFFIX.search(transaction) if transaction else None
    if transaction is None or found is None:
        return transaction, 0, 1
    count = identifier(told.get("messagecount")) or ""
    is_several = re.fullmatch(r"[0-9]{1,3}", count, re.ASCII) and int(count) > 1
    parts = int(count) if is_several else 1
    return transaction[: found.start()], int(found[1]) if parts > 1 else 0, parts
