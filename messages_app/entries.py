"""Entries of the inbox: reports that cannot be applied yet, each stored once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.identifiers import read_id
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.details import details_of
from messages_app.models import DETAIL_LENGTH, InboxEntry, SendAttempt, Wait
from messages_app.reported import Report, kept_id, provider_id_digest, reported
from messages_app.subjects import Told, messages_named
from messages_app.unreadable import kept_item
from messages_app.words import normal_word, shown_word

FIRST_LOOK_AGAIN = timedelta(milliseconds=500)


def keep_in_inbox(gateway: GatewayValues, updates: Sequence[StatusUpdate], now: datetime) -> None:
    """Stores reports for later; the same report stands there once."""
    keep([Told(gateway, reported(gateway, update, now)) for update in updates], now)


def keep(told: Sequence[Told], now: datetime) -> None:
    """Stores these as they are, but for their words, which are scrubbed."""
    if not told:
        return
    details = details_of(_named(told))
    entries = [
        _entry(each.gateway, each.report, detail, now)
        for each, detail in zip(told, details, strict=True)
    ]
    # In one order, so that two who are told the same at once do not wait for each other.
    entries.sort(key=lambda entry: (entry.gateway_id, entry.meaning))
    InboxEntry.objects.bulk_create(entries, ignore_conflicts=True)


def look_again_at_early(attempts: Iterable[SendAttempt], now: datetime) -> None:
    """Makes due what was reported on these attempts before their provider's ids were written.

    An entry that is just being looked at is not waited for: it will be looked at again.
    """
    named = {(attempt.gateway_id, attempt.provider_id) for attempt in attempts}
    early = InboxEntry.objects.filter(
        gateway__in={gateway_id for gateway_id, _ in named},
        provider_id_digest__in={provider_id_digest(told) for _, told in named if told},
        applied_at=None,
        waits_for=Wait.ITS_MESSAGE,
    )
    ids = list(skipping_locked(early).values_list("pk", flat=True))
    if ids:
        InboxEntry.objects.filter(pk__in=ids).update(due_at=now)


def _named(told: Sequence[Told]) -> list[tuple[Report, UUID | None]]:
    """Each with its message, where that is known already and the report says something in words."""
    found = iter(messages_named([each for each in told if each.update.detail]))
    return [(each.report, next(found) if each.update.detail else None) for each in told]


def _entry(gateway: GatewayValues, report: Report, detail: str, now: datetime) -> InboxEntry:
    update = report.update
    waits_for = _wait(update)
    due_at = now + timedelta(seconds=update.after) if update.after else now + FIRST_LOOK_AGAIN
    return InboxEntry(
        gateway_id=gateway.id,
        waits_for=waits_for,
        message_id=read_id(update.message_id),
        provider_id=kept_id(update) or None,
        provider_id_digest=provider_id_digest(kept_id(update)),
        address_index=report.address_index,
        is_permanent=update.is_permanent,
        is_machine=update.is_machine,
        part=update.part,
        parts=update.parts,
        status=update.status or "",
        word=shown_word(update.word),
        word_key=normal_word(update.word),
        mapping_id=report.mapping_id,
        detail=detail[:DETAIL_LENGTH],
        kept=kept_item(gateway, update),
        meaning=_meaning(report),
        occurred_at=update.occurred_at or now + timedelta(seconds=update.after),
        received_at=now,
        due_at=None if waits_for == Wait.A_READER else due_at,
    )


def _wait(update: StatusUpdate) -> Wait:
    if update.status is None:
        return Wait.A_MAPPING if update.word else Wait.A_READER
    return Wait.ITS_TIME if update.after else Wait.ITS_MESSAGE


def _meaning(report: Report) -> str:
    """By what a report is known again: the provider's own name of it, else what it says."""
    update = report.update
    if update.event_id:
        return keyed_digest(update.event_id, purpose="inbox-event")
    parts: tuple[object, ...] = (
        *(update.message_id, update.provider_id, update.status, update.word, update.after),
        *([update.unread] if update.unread else []),
    )
    if report.names_address_only:
        parts += (report.address_index, update.occurred_at)
    if update.parts > 1:
        parts += (update.part,)
    if update.is_machine is not None:
        parts += (update.is_machine,)
    return keyed_digest(repr(parts), purpose="inbox-entry")
