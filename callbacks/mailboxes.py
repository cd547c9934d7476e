"""The drain of mailboxes: reports that come by mail.

A reading puts away what was written down before, and brings what is new. What is new is written
together with how far the folder was read, in one transaction: a worker that is killed, or two that
read at once, apply no mail twice and put none away unread.
"""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callbacks.models import Mailbox
from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.connections import DATABASE_TROUBLE
from gateway_project.lib.crypto import Undecryptable, keyed_digest
from gateway_project.lib.leases import LEASE
from gateway_project.lib.redaction import scrub
from gateway_project.lib.storable import storable
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import ProviderError
from gateways.providers.mailboxes import Batch, MailboxReader, Mark, ReadMail
from gateways.values import GatewayValues
from messages_app.models import DETAIL_LENGTH, InboxEntry, Wait
from messages_app.reports import apply_to_gateway

logger = logging.getLogger(__name__)

DRAIN = "mailbox"
LOOK_EVERY_SECONDS = 5.0
EVERY = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """One look into a gateway's mailbox, from that mark on."""

    gateway: GatewayValues
    reader: MailboxReader
    mark: Mark


def due_gateways() -> list[str]:
    """The gateways, as drain keys, whose mailbox is to be looked into now."""
    readers = [
        gateway.id for gateway in configuration.current().gateways.values() if _reader(gateway)
    ]
    if not readers:
        return []
    waiting = Mailbox.objects.filter(pk__in=readers, due_at__gt=moment())
    return [str(pk) for pk in sorted(set(readers) - set(waiting.values_list("pk", flat=True)))]


def _reader(gateway: GatewayValues) -> MailboxReader | None:
    """The gateway's adapter where it has a mailbox. A paused one still hears of what it sent."""
    if not gateway.is_active:
        return None
    try:
        adapter = adapter_of(gateway)
    except (Undecryptable, LookupError):
        return None
    return adapter if isinstance(adapter, MailboxReader) and adapter.reads_mailbox else None


class MailboxWork:
    """Reads one gateway's mailbox, on a thread, a batch at a time."""

    concurrency = 1
    is_paced = False

    def __init__(self, key: str) -> None:
        self.gateway_id = int(key)
        self._thread = ThreadPoolExecutor(1, f"mailbox-{key}")

    def claim(self, free: int) -> list[Reading]:
        gateway = configuration.current().gateways.get(self.gateway_id)
        reader = None if gateway is None else _reader(gateway)
        if gateway is None or reader is None or str(gateway.id) not in due_gateways():
            return []
        with writing():
            now = database_now()
            box, is_new = Mailbox.objects.get_or_create(
                pk=gateway.id, defaults={"due_at": now + LEASE}
            )
            due = Mailbox.objects.filter(pk=box.pk, due_at__lte=now)
            if not is_new and not due.update(due_at=now + LEASE):
                return []
        return [Reading(gateway=gateway, reader=reader, mark=_mark(box))]

    def start(self, item: Reading) -> "Future[Batch]":
        return self._thread.submit(item.reader.read_mailbox, item.mark, BATCH)

    def settle(self, finished: Sequence[tuple[Reading, "Future[Batch]"]]) -> None:
        for reading, future in finished:
            try:
                batch = future.result()
            except ProviderError as problem:
                _put_off(reading.gateway, problem.detail)
            except Exception as error:  # noqa: BLE001  one mailbox must not end the drain
                _put_off(reading.gateway, f"the adapter failed: {type(error).__name__}")
            else:
                _write_singly_if_need_be(reading, batch)

    def renew(self, items: Iterable[Reading]) -> None:
        for item in items:
            Mailbox.objects.filter(pk=item.gateway.id).update(due_at=database_now() + LEASE)

    def close(self) -> None:
        self._thread.shutdown()


def _mark(box: Mailbox) -> Mark:
    return Mark(validity=box.validity, uid=box.read_uid, unread=frozenset(box.unread_uids))


def _write_singly_if_need_be(reading: Reading, batch: Batch) -> None:
    """One mail whose reports cannot be applied costs no other: it counts as one that could not be
    read."""
    try:
        _write(reading, batch)
    except DATABASE_TROUBLE:
        raise
    except Exception as error:
        if not batch.mails:
            raise
        if len(batch.mails) > 1:
            for mail in batch.mails:
                _write_singly_if_need_be(reading, replace(batch, mails=(mail,)))
            return
        problem = f"it cannot be applied: {type(error).__name__}"
        (mail,) = batch.mails
        _write(reading, replace(batch, mails=(replace(mail, updates=(), problem=problem),)))


def _write(reading: Reading, batch: Batch) -> None:
    """Applies what nobody has applied yet, and looks again at once where something was new."""
    gateway = reading.gateway
    with writing():
        now = database_now()
        box = Mailbox.objects.select_for_update().get(pk=gateway.id)
        is_other = box.validity != batch.validity
        if is_other and box.validity != reading.mark.validity:
            return
        done = 0 if is_other else box.read_uid
        new = [mail for mail in batch.mails if mail.uid > done]
        apply_to_gateway(gateway, [update for mail in new for update in mail.updates])
        unread = [mail for mail in new if mail.problem]
        _keep_unread(gateway, unread, now)
        if new or is_other:
            # Another reader's, which this reading has not put away.
            others = [] if is_other else [u for u in box.unread_uids if u > reading.mark.uid]
            box.unread_uids = [*others, *(mail.uid for mail in unread)]
            box.read_uid = max((mail.uid for mail in new), default=0)
        box.validity, box.failures, box.problem, box.read_at = batch.validity, 0, "", now
        box.due_at = now if new else now + EVERY
        box.save()
    if unread:
        logger.warning("gateway %s: %d mails could not be read", gateway.slug, len(unread))


def _keep_unread(gateway: GatewayValues, mails: Sequence[ReadMail], now: datetime) -> None:
    """The mail itself is not kept: it may hold an address. It lies in a folder of its own."""
    entries = [
        InboxEntry(
            gateway_id=gateway.id,
            waits_for=Wait.A_READER,
            detail=scrub(storable(mail.problem))[:DETAIL_LENGTH],
            meaning=keyed_digest(mail.digest, purpose="inbox-entry"),
            occurred_at=now,
            received_at=now,
        )
        for mail in mails
    ]
    InboxEntry.objects.bulk_create(entries, ignore_conflicts=True)


def _put_off(gateway: GatewayValues, problem: str) -> None:
    """Each failure in a row doubles the pause; told once."""
    with writing():
        box = Mailbox.objects.select_for_update().get(pk=gateway.id)
        pause = min(EVERY * 2 ** min(box.failures, 10), LONGEST_PAUSE)
        box.failures += 1
        box.problem = scrub(problem)[:DETAIL_LENGTH]
        box.due_at = database_now() + pause
        box.save()
    if box.failures == 1:
        logger.error("gateway %s: its mailbox cannot be read: %s", gateway.slug, box.problem)
