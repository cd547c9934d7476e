"""What Meta posts to a webhook, as our statuses.

Sources: "messages webhook", "Status messages webhook" and "user_preferences webhook" on
developers.facebook.com. One webhook may tell of every phone number of an app: what names another
than the gateway's is passed over, as are the fields that tell of no message (templates, account,
calls). A person's own answer counts only if it is a word to opt out by.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway_project.lib.vocabulary import Status
from gateways.providers.stops import says_stop
from gateways.providers.values import StatusUpdate, identifier, phone_number, spoken, unread

WORDS: Mapping[str, Status] = {
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "read": Status.OPENED,
    "played": Status.OPENED,
    "failed": Status.FAILED,
}
"""`status` of a status message. `played` is said of a voice message."""

OPTED_OUT = 131050
REJECTED_CODES = frozenset({OPTED_OUT, 130472, 131047, 131049})
"""Codes of a failure that was a refusal: opted out, in an experiment, outside the window, too much
marketing for this person."""

STOP, OTHER_WISHES = "stop", frozenset({"resume", "signup"})


def reports_in(told: object, phone_number_id: str) -> Iterator[StatusUpdate]:
    """The reports of one webhook about that phone number; what cannot be read is one without
    status."""
    for entry in _listed(told, "entry"):
        for change in _listed(entry, "changes"):
            yield from _of_change(change, phone_number_id)


def _of_change(change: object, phone_number_id: str) -> Iterator[StatusUpdate]:
    value = change.get("value") if isinstance(change, Mapping) else None
    if not isinstance(value, Mapping):
        yield unread(change, "no value in a change")
        return
    metadata = value.get("metadata")
    named = metadata.get("phone_number_id") if isinstance(metadata, Mapping) else None
    if identifier(named) not in (None, phone_number_id):
        return
    for each in _members(value, "statuses"):
        yield from _status(each)
    for each in _members(value, "user_preferences"):
        yield from _wish(each)
    for each in _members(value, "messages"):
        yield from _answer(each)


def _status(told: object) -> Iterator[StatusUpdate]:
    if not isinstance(told, Mapping):
        yield unread(told, "a status that is no object")
        return
    word = spoken(told.get("status"))
    status = WORDS.get(word.lower())
    code, reason = _reason(told)
    report = StatusUpdate(
        status=Status.REJECTED if status is Status.FAILED and code in REJECTED_CODES else status,
        message_id=identifier(told.get("biz_opaque_callback_data")),
        provider_id=identifier(told.get("id")),
        word=word,
        detail=reason,
        occurred_at=_moment(told.get("timestamp")),
    )
    yield report
    if status is Status.FAILED and code == OPTED_OUT:
        yield StatusUpdate(
            status=Status.UNSUBSCRIBED,
            message_id=report.message_id,
            provider_id=report.provider_id,
            occurred_at=report.occurred_at,
        )


def _reason(told: Mapping[str, Any]) -> tuple[int | None, str]:
    """The code of the first error, and what is said of it."""
    errors = told.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(error, Mapping):
        return None, ""
    code, data = error.get("code"), error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else None
    words = f"{code} {error.get('title') or ''} {details or ''}".strip()
    return code if isinstance(code, int) else None, words


def _wish(told: object) -> Iterator[StatusUpdate]:
    """A person's wish about marketing messages. To resume is ours to be told by the platform."""
    if not isinstance(told, Mapping):
        yield unread(told, "a preference that is no object")
        return
    word = spoken(told.get("value"))
    if word.lower() in OTHER_WISHES:
        return
    number = phone_number(told.get("wa_id"))
    is_stopping = word.lower() == STOP and number is not None
    yield StatusUpdate(
        status=Status.UNSUBSCRIBED if is_stopping else None,
        word=word,
        detail="" if number else "it names no phone number",
        occurred_at=_moment(told.get("timestamp")),
        recipient=number,
    )


def _answer(told: object) -> Iterator[StatusUpdate]:
    """A message of a person's own: of interest only where it says to stop."""
    if not isinstance(told, Mapping):
        yield unread(told, "a message that is no object")
        return
    number = phone_number(told.get("from"))
    if number is not None and any(says_stop(text) for text in _texts(told)):
        yield StatusUpdate(
            status=Status.UNSUBSCRIBED,
            occurred_at=_moment(told.get("timestamp")),
            recipient=number,
        )


def _texts(told: Mapping[str, Any]) -> Iterator[object]:
    """What was typed, or the button that was pressed."""
    for part, name in (("text", "body"), ("button", "text")):
        content = told.get(part)
        if isinstance(content, Mapping):
            yield content.get(name)


def _listed(told: object, name: str) -> Iterator[object]:
    """The members of a list that has to be there; one of no use where it is not."""
    members = told.get(name) if isinstance(told, Mapping) else None
    yield from members if isinstance(members, list) else [None]


def _members(value: Mapping[str, Any], name: str) -> list[object]:
    members = value.get(name, [])
    return members if isinstance(members, list) else [None]


def _moment(value: object) -> datetime | None:
    """Seconds since 1970, as text."""
    try:
        return datetime.fromtimestamp(int(identifier(value) or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None
