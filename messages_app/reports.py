"""Applying providers' reports: to the messages they name, or into the inbox."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.personal import REDACTED, Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.storable import storable
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways.adapters import address_channel
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.events import Fact, record, suppression_reason
from messages_app.models import (
    DETAIL_LENGTH,
    PROVIDER_ID_LENGTH,
    InboxEntry,
    Message,
    SendAttempt,
    StatusEvent,
    Wait,
)
from messages_app.parts import of_the_whole
from messages_app.recipients import address_index, last_messages
from messages_app.statuses import BESIDE
from messages_app.unreadable import kept_item
from messages_app.words import count_ignored, mappings_of, normal_word, shown_word
from users.directory import addresses_among
from users.suppressions import suppress

logger = logging.getLogger(__name__)

FIRST_LOOK_AGAIN = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A provider's update, with the blind index of the address it names, if it names one, and the
    mapping that gave its word a meaning, if one was needed.
    """

    update: StatusUpdate
    address_index: str = field(default="", repr=False)
    mapping_id: int | None = None
    told_by: int | None = None
    """The gateway whose provider it comes from; None where nobody's in particular."""

    @property
    def names_address_only(self) -> bool:
        """Whether the address is all that tells which message is meant."""
        has_id = bool(self.update.message_id or self.update.provider_id)
        return bool(self.address_index) and not has_id


def storable_update(update: StatusUpdate) -> StatusUpdate:
    """Without what no column holds, NUL and halves of surrogate pairs: one report that has them
    must not cost the others.
    """
    return replace(
        update,
        message_id=update.message_id and storable(update.message_id),
        provider_id=update.provider_id and storable(update.provider_id),
        word=storable(update.word),
        detail=storable(update.detail),
    )


def apply_to_gateway(gateway: GatewayValues, updates: Sequence[StatusUpdate]) -> int:
    """Records what is about this gateway's messages and keeps the rest in the inbox.

    Answers how many updates named a message known to the gateway. A report that names another
    gateway's message is dropped: its sender holds the wrong token for it.
    """
    with writing():
        now = database_now()
        heard = [_report(gateway, update) for update in updates]
        reports = [report for report in translated(gateway, heard) if report is not None]
        current = [r for r in reports if not r.update.after and r.update.status is not None]
        _keep(gateway, [r for r in reports if r.update.after or r.update.status is None], now)
        named = messages_of(gateway, current, now)
        record_reports(zip(current, named, strict=True), now)
        unknown = [report for report, found in zip(current, named, strict=True) if found is None]
        _keep(gateway, _suppressed(gateway, _without_foreign(gateway, unknown)), now)
    return len(current) - len(unknown)


def apply_to_label(label_id: int, updates: Sequence[StatusUpdate]) -> int:
    """Records what names the label's messages by our id; answers how many did."""
    with writing():
        now = database_now()
        own_ids = [read_id(update.message_id) for update in updates]
        mine = Message.objects.filter(pk__in=filter(None, own_ids), label=label_id).tried()
        known = set(mine.values_list("pk", flat=True))
        named = [own_id if own_id in known else None for own_id in own_ids]
        reports = [Report(update=update) for update in updates]
        record_reports(zip(reports, named, strict=True), now)
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


def messages_of(
    gateway: GatewayValues, reports: Sequence[Report], until: datetime
) -> list[UUID | None]:
    """For each report its message: by an id, else the last one until then to the address.

    An opt-out or a complaint may come back through another gateway than the message went out by.
    """
    named = messages_named(gateway.id, [report.update for report in reports])
    by_address = {report.address_index for report in reports if report.names_address_only}
    here = last_messages(gateway, by_address, until=until)
    elsewhere = by_address - here.keys()
    anywhere = last_messages(gateway, elsewhere, until=until, is_any_gateway=True)
    return [
        found or _by_address(report, here, anywhere)
        for report, found in zip(reports, named, strict=True)
    ]


def translated(gateway: GatewayValues, reports: Sequence[Report]) -> list[Report | None]:
    """Each report with the status that a person has said its word means.

    None in the place of those whose word means nothing: they are counted, to be dropped.
    """
    keys = [normal_word(r.update.word) if r.update.status is None else "" for r in reports]
    known = mappings_of(gateway, {key for key in keys if key})
    ignored: Counter[int] = Counter()
    kept: list[Report | None] = []
    for report, key in zip(reports, keys, strict=True):
        mapping = known.get(key)
        if mapping is None:
            kept.append(report)
        elif mapping.status:
            meant = replace(report.update, status=Status(mapping.status))
            kept.append(replace(report, update=meant, mapping_id=mapping.pk))
        else:
            ignored[mapping.pk] += 1
            kept.append(None)
    count_ignored(ignored)
    return kept


def record_reports(named: Iterable[tuple[Report, UUID | None]], now: datetime) -> list[StatusEvent]:
    """Records the reports whose message is known; the words they carry are scrubbed first.

    Of a message in parts, a part's arrival is the message's only when it is the last.
    """
    known = [(report, found) for report, found in named if found is not None]
    about = [(report.update, message_id) for report, message_id in known]
    return record(
        [
            Fact(
                message_id=message_id,
                status=report.update.status,
                occurred_at=report.update.occurred_at or now,
                detail=scrub(report.update.detail),
                is_permanent=report.update.is_permanent,
                address_index=report.address_index,
                told_by=report.told_by,
            )
            for (report, message_id), is_told in zip(known, of_the_whole(about), strict=True)
            if is_told and report.update.status is not None
        ],
        now=now,
    )


def keep_in_inbox(gateway: GatewayValues, updates: Sequence[StatusUpdate], now: datetime) -> None:
    """Stores reports for later; the same report stands there once."""
    _keep(gateway, [_report(gateway, update) for update in updates], now)


def _keep(gateway: GatewayValues, reports: Sequence[Report], now: datetime) -> None:
    if not reports:
        return
    entries = [_inbox_entry(gateway, report, now) for report in reports]
    strange_ids = {entry.provider_id for entry in entries if entry.message_id is None} - {""}
    addresses = addresses_among(gateway.label_id, strange_ids)
    for entry in entries:
        entry.provider_id = REDACTED if entry.provider_id in addresses else entry.provider_id
    # In one order, so that two who are told the same at once do not wait for each other.
    entries.sort(key=lambda entry: entry.meaning)
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


def _report(gateway: GatewayValues, update: StatusUpdate) -> Report:
    return Report(update=update, address_index=address_index(gateway, update), told_by=gateway.id)


def _by_address(
    report: Report, here: Mapping[str, UUID], anywhere: Mapping[str, UUID]
) -> UUID | None:
    if not report.names_address_only:
        return None
    found = here.get(report.address_index)
    if found is None and report.update.status in BESIDE:
        found = anywhere.get(report.address_index)
    return found


def _suppressed(gateway: GatewayValues, reports: Sequence[Report]) -> list[Report]:
    """Closes the addresses that reports without a message tell to close. Answers the reports whose
    message may still turn up.
    """
    closed: defaultdict[str, set[str]] = defaultdict(set)
    for report in reports:
        reason = _reason(report)
        if reason and report.address_index:
            closed[reason].add(report.address_index)
    for reason, indexes in sorted(closed.items()):
        channel = address_channel(gateway)
        if channel is None:
            continue
        suppress(
            gateway.label_id,
            channel,
            indexes,
            reason,
            told_by=gateway.id,
            addresses=_plain_addresses(reports),
        )
        logger.info(
            "gateway %s: %d addresses whose message is not known are suppressed: %s",
            gateway.slug,
            len(indexes),
            reason,
        )
    return [report for report in reports if not (report.names_address_only and _reason(report))]


def _plain_addresses(reports: Iterable[Report]) -> dict[str, Personal]:
    """By their index, for those who have to tell others: not every such address is a user's."""
    return {
        report.address_index: report.update.recipient
        for report in reports
        if report.address_index and report.update.recipient is not None
    }


def _reason(report: Report) -> str:
    update = report.update
    if update.status is None:
        return ""
    return suppression_reason(update.status, is_permanent=update.is_permanent)


def _inbox_entry(gateway: GatewayValues, report: Report, now: datetime) -> InboxEntry:
    update = report.update
    waits_for = _wait(update)
    due_at = now + timedelta(seconds=update.after) if update.after else now + FIRST_LOOK_AGAIN
    return InboxEntry(
        gateway_id=gateway.id,
        waits_for=waits_for,
        message_id=read_id(update.message_id),
        provider_id=_kept_id(update),
        address_index=report.address_index,
        is_permanent=update.is_permanent,
        part=update.part,
        parts=update.parts,
        status=update.status or "",
        word=shown_word(update.word),
        word_key=normal_word(update.word),
        mapping_id=report.mapping_id,
        detail=scrub(update.detail)[:DETAIL_LENGTH],
        kept=kept_item(gateway, update),
        meaning=_meaning(report),
        occurred_at=update.occurred_at or now,
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
    return keyed_digest(repr(parts), purpose="inbox-entry")


def _without_foreign(gateway: GatewayValues, reports: Sequence[Report]) -> list[Report]:
    named = {own for report in reports if (own := read_id(report.update.message_id))}
    foreign = set(
        Message.objects.filter(~Q(gateway=gateway.id), pk__in=named).values_list("pk", flat=True)
    )
    if foreign:
        logger.warning(
            "gateway %s was sent reports about %d messages of other gateways; they are ignored",
            gateway.id,
            len(foreign),
        )
    return [report for report in reports if read_id(report.update.message_id) not in foreign]


def _kept_id(update: StatusUpdate) -> str:
    """The provider's id as `SendAttempt` keeps it."""
    return (update.provider_id or "")[:PROVIDER_ID_LENGTH]
