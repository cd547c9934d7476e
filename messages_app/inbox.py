"""The drain of the inbox: reports whose time has come, and early ones looked at again."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from uuid import UUID

from gateway_project.lib import bulk
from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.connections import DATABASE_TROUBLE
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.futures import done
from gateway_project.lib.leases import LEASE
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.details import details_of
from messages_app.models import DETAIL_LENGTH, InboxEntry, Wait
from messages_app.reported import Report
from messages_app.reports import close_addresses, record_reports
from messages_app.subjects import Told, messages_of
from messages_app.words import count_ignored, translated

logger = logging.getLogger(__name__)

KEY = "all"
BATCH = 500
WRITTEN = ("due_at", "waits_for", "status", "mapping_id", "detail", "applied_at")
LONGEST_PAUSE = timedelta(minutes=10)
LOOKED_FOR = timedelta(hours=72)
"""An entry whose message has not turned up by then stays listed and is not looked for any more."""
ID_AWAITED = timedelta(minutes=10)
"""By then what was sent has its provider's id: one that is still unknown is not of our messages."""
WORDS_LOOKED_FOR = timedelta(minutes=10)
"""A word may be mapped just while its report is being stored. A mapping made later makes it due."""


def due_keys() -> list[str]:
    """The one key, when an entry is due."""
    due = InboxEntry.objects.filter(applied_at=None, due_at__lte=moment()).order_by("due_at")
    with from_the_front():
        return [KEY] if due.values("due_at").first() else []


class InboxWork:
    """Applies entries in batches, each batch in one transaction."""

    concurrency = 1
    is_paced = False

    def __init__(self, key: str) -> None:
        self.key = key

    def claim(self, free: int) -> list[list[int]]:
        if not due_keys():
            return []
        with writing():
            now = database_now()
            due = InboxEntry.objects.filter(applied_at=None, due_at__lte=now).order_by("due_at")
            with from_the_front():
                ids = list(skipping_locked(due).values_list("pk", flat=True)[:BATCH])
            InboxEntry.objects.filter(pk__in=ids).update(due_at=now + LEASE)
        return [ids] if ids else []

    def start(self, item: list[int]) -> "Future[None]":
        """Nothing to wait for: applying is the settling."""
        return done()

    def settle(self, finished: Sequence[tuple[list[int], "Future[None]"]]) -> None:
        for ids, _ in finished:
            _settle(ids)

    def renew(self, items: Iterable[list[int]]) -> None:
        """Nothing stays in the air."""

    def close(self) -> None:
        """Nothing is kept open."""


def _settle(ids: Sequence[int]) -> None:
    """Applies them together, or where that fails each half by itself: down to the one that cannot
    be applied, which costs no other."""
    try:
        with writing():
            _apply(ids, database_now())
    except DATABASE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001  whatever one gateway's or one report's fault is
        middle = len(ids) // 2
        if middle:
            _settle(ids[:middle])
            _settle(ids[middle:])
        else:
            _put_off(ids, error)


def _put_off(ids: Sequence[int], error: Exception) -> None:
    logger.error("inbox entry %s cannot be applied: %s", *ids, type(error).__name__)
    with writing():
        now = database_now()
        entries = InboxEntry.objects.filter(pk__in=ids, applied_at=None)
        entries.update(due_at=now + LONGEST_PAUSE)
        entries.filter(received_at__lte=now - LOOKED_FOR).update(due_at=None)


def _apply(ids: Sequence[int], now: datetime) -> None:
    locked = InboxEntry.objects.select_for_update().filter(pk__in=ids, applied_at=None)
    entries = list(locked.order_by("pk"))
    unexplained = {entry.pk for entry in entries if entry.waits_for == Wait.A_MAPPING}
    reports = _translated(entries, now)
    _drop([entry for entry in entries if entry.pk not in reports])
    kept = [entry for entry in entries if entry.pk in reports]
    clear = [entry for entry in kept if reports[entry.pk].update.status is not None]
    told = [reports[entry.pk] for entry in clear]
    named = list(zip(told, _messages_of(clear, told), strict=True))
    _scrub_again(clear, named)
    record_reports(named, now)
    met = {entry.pk for entry, (_, found) in zip(clear, named, strict=True) if found is not None}
    unmet = [entry for entry in kept if entry.pk not in met]
    _close_addresses([entry for entry in unmet if entry.pk in unexplained], reports)
    _look_again(unmet, now)
    for entry in kept:
        if entry.pk in met:
            entry.applied_at, entry.due_at = now, None
    bulk.write(bulk.saving(InboxEntry, WRITTEN, kept))


def _scrub_again(
    entries: Sequence[InboxEntry], named: Sequence[tuple[Report, UUID | None]]
) -> None:
    """Whom the words of an early report are about is known when its message is."""
    for entry, detail in zip(entries, details_of(named), strict=True):
        entry.detail = detail[:DETAIL_LENGTH]


def _messages_of(entries: Sequence[InboxEntry], reports: Sequence[Report]) -> list[UUID | None]:
    """For each entry its message, which only its own gateway may name."""
    places = range(len(entries))
    # An address means the last message before the report, so these are looked for one by one.
    alone = [[place] for place in places if reports[place].may_go_by_address]
    together = [place for place in places if not reports[place].may_go_by_address]
    named: list[UUID | None] = [None] * len(entries)
    for group in filter(None, (*alone, together)):
        told = [_told(entries[place], reports[place]) for place in group]
        until = max(entries[place].received_at for place in group)
        for place, message_id in zip(group, messages_of(told, until), strict=True):
            named[place] = message_id
    return named


def _told(entry: InboxEntry, report: Report) -> Told:
    return Told(configuration.current().gateways[entry.gateway_id], report)


def _close_addresses(entries: Iterable[InboxEntry], reports: Mapping[int, Report]) -> None:
    """What these say to close, now that their words are explained, whatever message is meant."""
    close_addresses([_told(entry, reports[entry.pk]) for entry in entries])


def _translated(entries: Sequence[InboxEntry], now: datetime) -> dict[int, Report]:
    """Each entry's report by the entry's key, with what its word means by now; without those that
    mean nothing. What has got its meaning so waits for its message from now on, and what has lost
    it for a mapping.
    """
    reports = {entry.pk: _report(entry, now) for entry in entries}
    by_gateway: defaultdict[int, list[InboxEntry]] = defaultdict(list)
    for entry in entries:
        if _is_for_a_person_to_say(entry):
            by_gateway[entry.gateway_id].append(entry)
    ignored: Counter[int] = Counter()
    for gateway_id, waiting in by_gateway.items():
        gateway = configuration.current().gateways[gateway_id]
        meant = translated(gateway, [reports.pop(entry.pk) for entry in waiting], ignored)
        for entry, report in zip(waiting, meant, strict=True):
            if report is not None:
                _keep_meaning(entry, report)
                reports[entry.pk] = report
    count_ignored(ignored)
    return reports


def _is_for_a_person_to_say(entry: InboxEntry) -> bool:
    """Whether its status is not the provider's own. A mapping may have been changed or deleted just
    while a report with it was being stored.
    """
    return entry.waits_for == Wait.A_MAPPING or entry.mapping_id is not None


def _keep_meaning(entry: InboxEntry, report: Report) -> None:
    status = report.update.status
    entry.waits_for = Wait.A_MAPPING if status is None else Wait.ITS_MESSAGE
    entry.status, entry.mapping_id = status or "", report.mapping_id


def _drop(entries: Sequence[InboxEntry]) -> None:
    InboxEntry.objects.filter(pk__in=[entry.pk for entry in entries]).delete()


def _report(entry: InboxEntry, now: datetime) -> Report:
    has_status = entry.status and not _is_for_a_person_to_say(entry)
    update = StatusUpdate(
        status=Status(entry.status) if has_status else None,
        message_id=str(entry.message_id) if entry.message_id else None,
        provider_id=entry.provider_id and entry.provider_id.reveal(),
        word=entry.word,
        detail=entry.detail,
        occurred_at=entry.occurred_at,
        is_permanent=entry.is_permanent,
        is_machine=entry.is_machine,
        part=entry.part,
        parts=entry.parts,
    )
    return Report(
        update=update,
        address_index=entry.address_index,
        told_by=entry.gateway_id,
        has_waited=now - entry.received_at >= ID_AWAITED,
    )


def _look_again(entries: Sequence[InboxEntry], now: datetime) -> None:
    """Each pause is as long as the entry's age, so a message that is a moment late is met soon."""
    for entry in entries:
        age = now - entry.received_at
        looked_for = WORDS_LOOKED_FOR if entry.waits_for == Wait.A_MAPPING else LOOKED_FOR
        entry.due_at = now + min(age, LONGEST_PAUSE) if age < looked_for else None
