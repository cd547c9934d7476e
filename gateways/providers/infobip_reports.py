"""What Infobip posts to a webhook, or tells when it is asked, as our statuses.

Source: the webhooks and the logs of Infobip's OpenAPI 3.210 and its list of error codes. A report's
own word is the name of its status group; DELIVERED_TO_OPERATOR stands in the group DELIVERED, and
is not yet.
An incoming message of a person's counts only if it is a word to opt out by.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway_project.lib.vocabulary import Status
from gateways.providers.stops import says_stop
from gateways.providers.values import (
    StatusUpdate,
    identifier,
    moment_of,
    phone_number,
    spoken,
    unread,
)

GROUPS: Mapping[str, Status] = {
    "OK": Status.ACCEPTED,
    "ACCEPTED": Status.ACCEPTED,
    "PENDING": Status.ACCEPTED,
    "DELIVERED": Status.DELIVERED,
    "UNDELIVERABLE": Status.FAILED,
    "EXPIRED": Status.FAILED,
    "REJECTED": Status.REJECTED,
}
"""`status.groupName`."""

NOT_YET = frozenset({"DELIVERED_TO_OPERATOR"})
NO_SUCH_NUMBER = frozenset(
    {
        "EC_UNKNOWN_SUBSCRIBER",
        "EC_DESTINATION_NOT_SMS_PROVISIONED",
        "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS",
        "EC_INVALID_REQUEST_DESTINATION",
    }
)
"""`error.name` of a permanent failure that lies with the number. An absent subscriber is none: the
phone is switched off, or out of reach."""

OPTED_OUT = frozenset({"EC_CONTENT_BLOCKED", "EC_SC_BLOCKED_BY_END_USER"})
"""`error.name` where the person said stop to the sender, or to the operator."""

DUPLICATE = "REJECTED_DUPLICATE_MESSAGE_ID"
CLICKED, STOP, RESUME = "CLICKED", "stop", "resume"


def reports_in(told: object) -> Iterator[StatusUpdate]:
    """The reports of one webhook; what cannot be read is one without status."""
    if not isinstance(told, Mapping):
        yield unread(told, "no report that is known")
    elif "results" in told:
        listed = told["results"]
        for each in listed if isinstance(listed, list) else [None]:
            yield from _result(each)
    elif "notificationType" in told:
        yield _click(told)
    elif "content" in told:
        yield from _wish(told)
    else:
        yield unread(told, "no report that is known")


def is_logged(told: object) -> bool:
    """Whether an entry of the logs says how it stands about a message. What was refused as a repeat
    says nothing of the first."""
    status = told.get("status") if isinstance(told, Mapping) else None
    return isinstance(status, Mapping) and spoken(status.get("name")).upper() != DUPLICATE


def _result(told: object) -> Iterator[StatusUpdate]:
    if not isinstance(told, Mapping):
        yield unread(told, "no report that is known")
    elif isinstance(told.get("status"), Mapping):
        yield from _delivery(told, told["status"])
    elif "seenAt" in told:
        yield _named(told, Status.OPENED, occurred_at=moment_of(told["seenAt"]))
    elif "receivedAt" in told:
        yield from _incoming(told)
    else:
        yield unread(told, "no report that is known")


def _delivery(told: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[StatusUpdate]:
    word, name = spoken(status.get("groupName")), spoken(status.get("name")).upper()
    error = told.get("error")
    error = error if isinstance(error, Mapping) else {}
    cause = spoken(error.get("name")).upper()
    meaning = Status.ACCEPTED if name in NOT_YET else GROUPS.get(word.upper())
    is_bad = meaning in (Status.FAILED, Status.REJECTED)
    moment = moment_of(told.get("doneAt"))
    yield _named(
        told,
        meaning,
        word=word,
        detail=f"{name} {cause} {error.get('description') or ''}".strip() if is_bad else name,
        occurred_at=moment,
        is_permanent=is_bad and error.get("permanent") is True and cause in NO_SUCH_NUMBER,
    )
    if is_bad and cause in OPTED_OUT:
        yield _named(told, Status.UNSUBSCRIBED, occurred_at=moment)


def _click(told: Mapping[str, Any]) -> StatusUpdate:
    word = spoken(told["notificationType"])
    # `sendDateTime` is when the message was sent; when the link was opened is not told.
    return _named(told, Status.CLICKED if word.upper() == CLICKED else None, word=word)


def _wish(told: Mapping[str, Any]) -> Iterator[StatusUpdate]:
    """WhatsApp's marketing updates. To resume is ours to be told by the platform; what else has a
    `content`, such as a change of identity, tells of no message."""
    content = told["content"]
    if not isinstance(content, Mapping):
        yield unread(told, "no report that is known")
        return
    word = spoken(content.get("notificationMessagesStatus"))
    if not word or word.lower() == RESUME:
        return
    number = phone_number(content.get("from"))
    is_stopping = word.lower() == STOP and number is not None
    yield StatusUpdate(
        status=Status.UNSUBSCRIBED if is_stopping else None,
        word=word,
        detail="" if number else "it names no phone number",
        occurred_at=moment_of(told.get("createdAt")),
        recipient=number,
    )


def _incoming(told: Mapping[str, Any]) -> Iterator[StatusUpdate]:
    """A person's own message: SMS has the text itself, Viber and WhatsApp in `message`."""
    message = told.get("message")
    inner = message.get("text") if isinstance(message, Mapping) else None
    number = phone_number(told.get("from") or told.get("sender"))
    if number is not None and any(map(says_stop, (inner, told.get("text"), told.get("cleanText")))):
        yield StatusUpdate(
            status=Status.UNSUBSCRIBED,
            occurred_at=moment_of(told.get("receivedAt")),
            recipient=number,
        )


def _named(told: Mapping[str, Any], status: Status | None, **more: Any) -> StatusUpdate:
    """A report about one message: by our id where it came back, which `messageId` is as well."""
    provider_id = identifier(told.get("messageId"))
    own_id = identifier(told.get("callbackData")) or provider_id
    return StatusUpdate(status=status, message_id=own_id, provider_id=provider_id, **more)
