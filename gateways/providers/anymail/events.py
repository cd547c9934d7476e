"""django-anymail's normalised tracking events as reports of ours."""

from collections.abc import Iterator, Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.providers.anymail.service import Conditions, Service
from gateways.providers.values import StatusUpdate, identifier, spoken

ID_KEY = "gatehouse_id"
"""Under which our id travels in the metadata."""

STATUSES: Mapping[str, Status] = {
    EventType.QUEUED: Status.ACCEPTED,
    EventType.SENT: Status.ACCEPTED,
    EventType.DELIVERED: Status.DELIVERED,
    EventType.BOUNCED: Status.FAILED,
    EventType.FAILED: Status.FAILED,
    EventType.REJECTED: Status.REJECTED,
    EventType.OPENED: Status.OPENED,
    EventType.CLICKED: Status.CLICKED,
    EventType.COMPLAINED: Status.COMPLAINED,
    EventType.UNSUBSCRIBED: Status.UNSUBSCRIBED,
}
NOTHING_TO_TELL = frozenset({EventType.DEFERRED, EventType.AUTORESPONDED, EventType.SUBSCRIBED})
"""Known, and no news of ours. (Really unknown ones go to the inbox.)"""
LEARNT: Mapping[str, Status] = {
    RejectReason.UNSUBSCRIBED: Status.UNSUBSCRIBED,
    RejectReason.SPAM: Status.COMPLAINED,
}
"""What the reason of a rejection tells besides, for the reasons in a service's `learnt`."""


def updates_of(event: AnymailTrackingEvent, service: Service) -> Iterator[StatusUpdate]:
    """The reports in one event: none where it is known to mean nothing to Smartico."""
    word = spoken(at(event.esp_event, service.word))
    if event.event_type in NOTHING_TO_TELL or word in service.silent:
        return
    status = STATUSES.get(event.event_type) or _told(event, service)
    yield _update(event, service, status, word)
    if status == Status.REJECTED and event.reject_reason in service.learnt:
        yield _update(event, service, LEARNT[event.reject_reason], word)


def at(told: object, path: str) -> object:
    """What stands at that dotted path of a JSON value; `*` is the one member, whatever its name.

    `a|b` is `b` where there is no `a`.
    """
    path, _, other = path.partition("|")
    found = _at(told, path)
    return at(told, other) if found is None and other else found


def _at(told: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(told, Mapping):
            return None
        told = next(iter(told.values()), None) if name == "*" else told.get(name)
    return told


def _update(
    event: AnymailTrackingEvent, service: Service, status: Status | None, word: str
) -> StatusUpdate:
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    return StatusUpdate(
        status=status,
        message_id=identifier(metadata.get(ID_KEY)),
        provider_id=identifier(event.message_id),
        word=word,
        detail=_detail(event) or identifier(at(event.esp_event, service.reason)) or "",
        occurred_at=event.timestamp if event.timestamp and event.timestamp.tzinfo else None,
        recipient=Personal(str(event.recipient)) if event.recipient else None,
        event_id=identifier(event.event_id) or "",
        is_machine=True if _fits(event, service.scanned) else None,
        is_permanent=status in (Status.FAILED, Status.REJECTED) and _fits(event, service.hard),
    )


def _detail(event: AnymailTrackingEvent) -> str:
    told: list[Any] = [event.reject_reason, event.description, event.mta_response]
    return ": ".join(part for part in told if isinstance(part, str) and part)


def _told(event: AnymailTrackingEvent, service: Service) -> Status | None:
    """What the service's own words tell where anymail has none for it."""
    fitting = (status for status, each in service.told.items() if _fits(event, each))
    return next(fitting, None)


def _fits(event: AnymailTrackingEvent, conditions: Conditions) -> bool:
    return any(
        all(at(event.esp_event, path) in values for path, values in each.items())
        for each in conditions
    )
