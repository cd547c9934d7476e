"""Applying providers' reports: to the messages they name, or into the inbox."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.personal import REDACTED
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.events import Fact, record
from messages_app.models import (
    DETAIL_LENGTH,
    PROVIDER_ID_LENGTH,
    InboxEntry,
    Message,
    SendAttempt,
    StatusEvent,
    Wait,
)
from users.directory import addresses_among

logger = logging.getLogger(__name__)

FIRST_LOOK_AGAIN = timedelta(milliseconds=500)


def apply_to_gateway(gateway: GatewayValues, updates: Sequence[StatusUpdate]) -> int:
    """Records what is about this gateway's messages and keeps the rest in the inbox.

    Answers how many updates named a message known to the gateway. A report that names another
    gateway's message is dropped: its sender holds the wrong token for it.
    """
    with writing():
        now = database_now()
        current = [update for update in updates if not update.after and update.status is not None]
        keep_in_inbox(gateway, [u for u in updates if u.after or u.status is None], now)
        named = messages_named(gateway.id, current)
        record_updates(zip(current, named, strict=True), now)
        unknown = [update for update, found in zip(current, named, strict=True) if found is None]
        keep_in_inbox(gateway, _without_foreign(gateway, unknown), now)
    return len(current) - len(unknown)


def apply_to_label(label_id: int, updates: Sequence[StatusUpdate]) -> int:
    """Records what names the label's messages by our id; answers how many did."""
    with writing():
        now = database_now()
        own_ids = [read_id(update.message_id) for update in updates]
        mine = Message.objects.filter(pk__in=filter(None, own_ids), label=label_id).tried()
        known = set(mine.values_list("pk", flat=True))
        named = [own_id if own_id in known else None for own_id in own_ids]
        record_updates(zip(updates, named, strict=True), now)
    return len(updates) - named.count(None)


def messages_named(gateway_id: int, updates: Sequence[StatusUpdate]) -> list[UUID | None]:
    """For each update its message: by our id where this gateway has it, else by the provider's.

    A message that nobody has tried to send yet is none: who reports on it knows too much.
    """
    own_ids = {own_id for update in updates if (own_id := read_id(update.message_id))}
    provider_ids = {_kept_id(update) for update in updates if update.provider_id}
    tried = SendAttempt.objects.filter(gateway=gateway_id)
    known: set[UUID] = set()
    if own_ids:
        here = Message.objects.filter(pk__in=own_ids, gateway=gateway_id).tried()
        known.update(here.values_list("pk", flat=True))
        known.update(tried.filter(message__in=own_ids).values_list("message_id", flat=True))
    by_provider_id: dict[str, UUID] = {}
    if provider_ids:
        pairs = tried.filter(provider_id__in=provider_ids).order_by("pk")
        by_provider_id.update(pairs.values_list("provider_id", "message_id"))
    return [
        own_id
        if (own_id := read_id(update.message_id)) in known
        else by_provider_id.get(_kept_id(update))
        for update in updates
    ]


def record_updates(
    named: Iterable[tuple[StatusUpdate, UUID | None]], now: datetime
) -> list[StatusEvent]:
    """Records the updates whose message is known; the words they carry are scrubbed first."""
    return record(
        [
            Fact(
                message_id=message_id,
                status=update.status,
                occurred_at=update.occurred_at or now,
                detail=scrub(update.detail),
            )
            for update, message_id in named
            if message_id is not None and update.status is not None
        ],
        now=now,
    )


def keep_in_inbox(gateway: GatewayValues, updates: Sequence[StatusUpdate], now: datetime) -> None:
    """Stores reports for later; the same report stands there once."""
    if not updates:
        return
    entries = [_inbox_entry(gateway.id, update, now) for update in updates]
    strange_ids = {entry.provider_id for entry in entries if entry.message_id is None} - {""}
    addresses = addresses_among(gateway.label_id, strange_ids)
    for entry in entries:
        entry.provider_id = REDACTED if entry.provider_id in addresses else entry.provider_id
    InboxEntry.objects.bulk_create(entries, ignore_conflicts=True)


def look_again_at_early(attempts: Iterable[SendAttempt], now: datetime) -> None:
    """Makes due what was reported on these attempts before their provider's ids were written.

    An entry that is just being looked at is not waited for: it will be looked at again.
    """
    named = {(attempt.gateway_id, attempt.provider_id) for attempt in attempts}
    early = InboxEntry.objects.filter(
        gateway__in={gateway_id for gateway_id, _ in named},
        provider_id__in={provider_id for _, provider_id in named} - {""},
        applied_at=None,
        waits_for=Wait.ITS_MESSAGE,
    )
    ids = list(skipping_locked(early).values_list("pk", flat=True))
    if ids:
        InboxEntry.objects.filter(pk__in=ids).update(due_at=now)


def _inbox_entry(gateway_id: int, update: StatusUpdate, now: datetime) -> InboxEntry:
    waits_for = _wait(update)
    due_at = now + timedelta(seconds=update.after) if update.after else now + FIRST_LOOK_AGAIN
    return InboxEntry(
        gateway_id=gateway_id,
        waits_for=waits_for,
        message_id=read_id(update.message_id),
        provider_id=_kept_id(update),
        status=update.status or "",
        word=scrub(update.word)[:100],
        detail=scrub(update.detail)[:DETAIL_LENGTH],
        meaning=_meaning(update),
        occurred_at=update.occurred_at or now,
        received_at=now,
        due_at=None if waits_for == Wait.A_MAPPING else due_at,
    )


def _wait(update: StatusUpdate) -> Wait:
    if update.status is None:
        return Wait.A_MAPPING
    return Wait.ITS_TIME if update.after else Wait.ITS_MESSAGE


def _meaning(update: StatusUpdate) -> str:
    parts = (update.message_id, update.provider_id, update.status, update.word, update.after)
    return keyed_digest(repr(parts), purpose="inbox-entry")


def _without_foreign(gateway: GatewayValues, updates: Sequence[StatusUpdate]) -> list[StatusUpdate]:
    named = {own for update in updates if (own := read_id(update.message_id))}
    foreign = set(
        Message.objects.filter(~Q(gateway=gateway.id), pk__in=named).values_list("pk", flat=True)
    )
    if foreign:
        logger.warning(
            "gateway %s was sent reports about %d messages of other gateways; they are ignored",
            gateway.id,
            len(foreign),
        )
    return [update for update in updates if read_id(update.message_id) not in foreign]


def _kept_id(update: StatusUpdate) -> str:
    """The provider's id as `SendAttempt` keeps it."""
    return (update.provider_id or "")[:PROVIDER_ID_LENGTH]
