"""eSputnik's words on what became of a message, told by webhook or when it is asked.

Sources: "Webhooks for Tracking Activity" and "Get single message status" on docs.yespo.io, and the
API questions and answers on esputnik.com. The latter's words are not listed anywhere: those of the
webhooks are expected, and its two flags count beside them.
"""

from collections.abc import Mapping
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.providers.values import StatusUpdate, identifier, spoken, unread

ACTIVITIES: Mapping[str, Status] = {
    "DELIVERED": Status.DELIVERED,
    "UNDELIVERED": Status.FAILED,
    "READ": Status.OPENED,
    "CLICKED": Status.CLICKED,
    "UNSUBSCRIBED": Status.UNSUBSCRIBED,
    "SPAM": Status.COMPLAINED,
}
NOTHING_TO_REPORT = frozenset({"SENT", "SUBSCRIPTION_CHANGED"})
OPT_OUTS = frozenset({Status.UNSUBSCRIBED, Status.COMPLAINED})
ADDRESS_FIELDS: Mapping[str, str] = {"email": "email", "sms": "phone", "viber": "phone"}
"""Where the address stands that a channel writes to."""


def activities(told: list[object]) -> list[StatusUpdate]:
    """A webhook's items, each by itself; those that report nothing are left out."""
    return [
        _activity(item) for item in told if _word(item, "activityStatus") not in NOTHING_TO_REPORT
    ]


def _activity(item: object) -> StatusUpdate:
    """One item. Its time names no zone, so it is none that could be kept.

    `iid` is not documented to be the requestId of a send. Where it is not, or is not there, only
    opt-outs are matched by the address: the account's own campaigns are told of here, too, and
    their other activities must not be taken for those of our last message.
    """
    if not isinstance(item, Mapping):
        return unread(item, "not an object")
    word = _word(item, "activityStatus")
    status = ACTIVITIES.get(word)
    told = {**_object(item.get("statusData")), **item}
    return StatusUpdate(
        status=status,
        provider_id=identifier(item.get("iid")),
        word=word,
        detail=spoken_detail(told.get("statusDescription")),
        recipient=_recipient(item) if status in OPT_OUTS else None,
        is_permanent=status is Status.FAILED and is_true(told.get("hardBounce")),
    )


def polled(item: object) -> list[StatusUpdate]:
    """What one result of a status request teaches: its word, and what its flags add.

    A word that nobody knows is told of each message that it is said of, since a person's mapping
    is applied to that message.
    """
    if not isinstance(item, Mapping):
        return []
    request_id, word = identifier(item.get("requestId")), _word(item, "status")
    if request_id is None:
        return []
    learnt = {ACTIVITIES[word]} if word in ACTIVITIES else set()
    learnt |= {Status.DELIVERED} if is_true(item.get("delivered")) else set()
    learnt |= {Status.FAILED} if is_true(item.get("failed")) else set()
    updates = [
        StatusUpdate(status=status, provider_id=request_id, word=word) for status in sorted(learnt)
    ]
    if word and word not in ACTIVITIES and word not in NOTHING_TO_REPORT:
        unknown = StatusUpdate(
            status=None, provider_id=request_id, word=word, detail="told when it was asked"
        )
        updates.append(unknown)
    return updates


def is_true(value: object) -> bool:
    """A boolean, which eSputnik also writes as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def listed(value: object) -> list[Any]:
    """`results`: an array, or an object where there is one."""
    if isinstance(value, Mapping):
        return [value]
    return value if isinstance(value, list) else []


def spoken_detail(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _word(item: object, name: str) -> str:
    return spoken(item.get(name)) if isinstance(item, Mapping) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _recipient(item: Mapping[str, Any]) -> Personal | None:
    """The address in an item; a number as E.164 writes it. Who leaves one channel of the account
    stays on the others, so of two addresses only the channel's own counts.
    """
    field = ADDRESS_FIELDS.get(_word(item, "mediaType").lower())
    email = identifier(item.get("email")) if field != "phone" else None
    if email:
        return Personal(email)
    phone = identifier(item.get("phone")) if field != "email" else None
    digits = "".join(filter(str.isdigit, phone or ""))
    return Personal(f"+{digits}") if digits else None
