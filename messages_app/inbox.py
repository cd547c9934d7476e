"""The drain of the inbox: reports whose time has come, and early ones looked at again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from uuid import UUID

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.futures import done
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.models import InboxEntry, Wait
from messages_app.reports import Report, messages_of, record_reports, translated

KEY = "all"
BATCH = 500
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=10)
LOOKED_FOR = timedelta(hours=72)
"""An entry whose message has not turned up by then stays listed and is not looked for any more."""
WORDS_LOOKED_FOR = timedelta(minutes=10)
"""A word may be mapped just while its report is being stored. A mapping made later makes it due."""


def due_keys() -> list[str]:
    """The one key, when an entry is due."""
    due = InboxEntry.objects.filter(applied_at=None, due_at__lte=moment())
    return [KEY] if due.exists() else []


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
            ids = list(skipping_locked(due).values_list("pk", flat=True)[:BATCH])
            InboxEntry.objects.filter(pk__in=ids).update(due_at=now + LEASE)
        return [ids] if ids else []

    def start(self, item: list[int]) -> "Future[None]":
        """Nothing to wait for: applying is the settling."""
        return done()

    def settle(self, finished: Sequence[tuple[list[int], "Future[None]"]]) -> None:
        for ids, _ in finished:
            with writing():
                _apply(ids, database_now())

    def renew(self, items: Iterable[list[int]]) -> None:
        """Nothing stays in the air."""

    def close(self) -> None:
        """Nothing is kept open."""


def _apply(ids: Sequence[int], now: datetime) -> None:
    locked = InboxEntry.objects.select_for_update().filter(pk__in=ids, applied_at=None)
    entries = list(locked.order_by("pk"))
    reports = _translated(entries)
    _drop([entry for entry in entries if entry.pk not in reports])
    entries = [entry for entry in entries if entry.pk in reports]
    named = _messages_of(entries, [reports[entry.pk] for entry in entries])
    record_reports(zip([reports[entry.pk] for entry in entries], named, strict=True), now)
    met = [entry.pk for entry, found in zip(entries, named, strict=True) if found is not None]
    _look_again([entry for entry, found in zip(entries, named, strict=True) if found is None], now)
    InboxEntry.objects.bulk_update(entries, ["due_at", "waits_for", "status", "mapping"])
    InboxEntry.objects.filter(pk__in=met).update(applied_at=now, due_at=None)


def _messages_of(entries: Sequence[InboxEntry], reports: Sequence[Report]) -> list[UUID | None]:
    """For each entry its message, which only its own gateway may name."""
    by_gateway: defaultdict[int, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        by_gateway[entry.gateway_id].append(place)
    named: list[UUID | None] = [None] * len(entries)
    for gateway_id, places in by_gateway.items():
        gateway = configuration.current().gateways[gateway_id]
        # An address means the last message before the report, so these are looked for one by one.
        alone = [[place] for place in places if reports[place].names_address_only]
        together = [place for place in places if not reports[place].names_address_only]
        for group in filter(None, (*alone, together)):
            until = max(entries[place].received_at for place in group)
            found = messages_of(gateway, [reports[place] for place in group], until)
            for place, message_id in zip(group, found, strict=True):
                named[place] = message_id
    return named


def _translated(entries: Sequence[InboxEntry]) -> dict[int, Report]:
    """Each entry's report by the entry's key, with what its word means by now; without those that
    mean nothing. What has got its meaning so waits for its message from now on.
    """
    reports = {entry.pk: _report(entry) for entry in entries}
    by_gateway: defaultdict[int, list[InboxEntry]] = defaultdict(list)
    for entry in entries:
        if entry.waits_for == Wait.A_MAPPING:
            by_gateway[entry.gateway_id].append(entry)
    for gateway_id, waiting in by_gateway.items():
        gateway = configuration.current().gateways[gateway_id]
        meant = translated(gateway, [reports.pop(entry.pk) for entry in waiting])
        for entry, report in zip(waiting, meant, strict=True):
            if report is not None:
                _keep_meaning(entry, report)
                reports[entry.pk] = report
    return reports


def _keep_meaning(entry: InboxEntry, report: Report) -> None:
    if report.update.status is not None:
        entry.waits_for, entry.mapping_id = Wait.ITS_MESSAGE, report.mapping_id
        entry.status = report.update.status


def _drop(entries: Sequence[InboxEntry]) -> None:
    InboxEntry.objects.filter(pk__in=[entry.pk for entry in entries]).delete()


def _report(entry: InboxEntry) -> Report:
    update = StatusUpdate(
        status=Status(entry.status) if entry.status else None,
        message_id=str(entry.message_id) if entry.message_id else None,
        provider_id=entry.provider_id or None,
        word=entry.word,
        detail=entry.detail,
        occurred_at=entry.occurred_at,
        is_permanent=entry.is_permanent,
        part=entry.part,
        parts=entry.parts,
    )
    return Report(update=update, address_index=entry.address_index)


def _look_again(entries: Sequence[InboxEntry], now: datetime) -> None:
    """Each pause is as long as the entry's age, so a message that is a moment late is met soon."""
    for entry in entries:
        age = now - entry.received_at
        looked_for = WORDS_LOOKED_FOR if entry.waits_for == Wait.A_MAPPING else LOOKED_FOR
        entry.due_at = now + min(age, LONGEST_PAUSE) if age < looked_for else None
