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
from messages_app.models import InboxEntry
from messages_app.reports import Report, messages_of, record_reports

KEY = "all"
BATCH = 500
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=10)
LOOKED_FOR = timedelta(hours=72)
"""An entry whose message has not turned up by then stays listed and is not looked for any more."""


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
    reports = [_report(entry) for entry in entries]
    named = _messages_of(entries, reports)
    record_reports(zip(reports, named, strict=True), now)
    met = [entry.pk for entry, found in zip(entries, named, strict=True) if found is not None]
    InboxEntry.objects.filter(pk__in=met).update(applied_at=now, due_at=None)
    _look_again([entry for entry, found in zip(entries, named, strict=True) if found is None], now)


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


def _report(entry: InboxEntry) -> Report:
    update = StatusUpdate(
        status=Status(entry.status),
        message_id=str(entry.message_id) if entry.message_id else None,
        provider_id=entry.provider_id or None,
        word=entry.word,
        detail=entry.detail,
        occurred_at=entry.occurred_at,
        is_permanent=entry.is_permanent,
    )
    return Report(update=update, address_index=entry.address_index)


def _look_again(entries: Sequence[InboxEntry], now: datetime) -> None:
    """Each pause is as long as the entry's age, so a message that is a moment late is met soon."""
    for entry in entries:
        age = now - entry.received_at
        entry.due_at = now + min(age, LONGEST_PAUSE) if age < LOOKED_FOR else None
    InboxEntry.objects.bulk_update(entries, ["due_at"])
