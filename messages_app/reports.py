"""Applying providers' reports: to the messages they name, or into the inbox."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from gateway_project.lib.clock import database_now
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.personal import Personal
from gateway_project.lib.transactions import writing
from gateways.adapters import address_channel
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.details import details_of
from messages_app.entries import keep
from messages_app.events import Fact, record, suppresses, suppression_reason
from messages_app.models import Message, StatusEvent
from messages_app.parts import of_the_whole
from messages_app.reported import Report, kept_id, reported, storable_update
from messages_app.subjects import messages_of, without_foreign
from messages_app.words import count_ignored, translated
from users.suppressions import Closed, suppress_each

logger = logging.getLogger(__name__)


def apply_to_gateway(gateway: GatewayValues, updates: Sequence[StatusUpdate]) -> int:
    """Records what is about this gateway's messages and keeps the rest in the inbox.

    Answers how many updates named a message known to the gateway. A report that names another
    gateway's message is dropped: its sender holds the wrong token for it.
    """
    with writing():
        now = database_now()
        heard = [reported(gateway, update, now) for update in updates]
        ignored: Counter[int] = Counter()
        meant = translated(gateway, heard, ignored)
        count_ignored(ignored)
        reports = [report for report in meant if report is not None]
        current = [r for r in reports if not r.update.after and r.update.status is not None]
        keep(gateway, [r for r in reports if r.update.after or r.update.status is None], now)
        named = messages_of(gateway, current, now)
        record_reports(zip(current, named, strict=True), now)
        unknown = [report for report, found in zip(current, named, strict=True) if found is None]
        keep(gateway, close_addresses(gateway, without_foreign(gateway, unknown)), now)
    return len(current) - len(unknown)


def apply_to_label(label_id: int, updates: Sequence[StatusUpdate]) -> int:
    """Records what names the label's messages by our id; answers how many did."""
    with writing():
        now = database_now()
        reports = [Report(update=storable_update(update, now)) for update in updates]
        own_ids = [read_id(report.update.message_id) for report in reports]
        mine = Message.objects.filter(pk__in=filter(None, own_ids), label=label_id).tried()
        known = set(mine.values_list("pk", flat=True))
        named = [own_id if own_id in known else None for own_id in own_ids]
        record_reports(zip(reports, named, strict=True), now)
    return len(updates) - named.count(None)


def record_reports(named: Iterable[tuple[Report, UUID | None]], now: datetime) -> list[StatusEvent]:
    """Records the reports whose message is known; the words they carry are scrubbed first, also of
    those whom the messages went to.

    Of a message in parts, a part's arrival is the message's only when it is the last.
    """
    known = [(report, found) for report, found in named if found is not None]
    is_whole = of_the_whole([(report.update, message_id) for report, message_id in known])
    return record(
        [
            Fact(
                message_id=message_id,
                status=report.update.status,
                occurred_at=report.update.occurred_at or now,
                detail=detail,
                is_permanent=report.update.is_permanent,
                address_index=report.address_index,
                provider_id=kept_id(report.update),
                told_by=report.told_by,
                is_machine=report.update.is_machine,
            )
            for (report, message_id), detail, is_told in zip(
                known, details_of(known), is_whole, strict=True
            )
            if is_told and report.update.status is not None
        ],
        now=now,
    )


def close_addresses(gateway: GatewayValues, reports: Sequence[Report]) -> list[Report]:
    """Closes the addresses that reports without a message tell to close, as far as the label wants
    that. Answers the reports whose message may still turn up.
    """
    closed: dict[str, Closed] = {}
    for report in reports:
        reason = _reason(report)
        if report.address_index and suppresses(gateway.label_id, reason):
            closed.setdefault(report.address_index, Closed(reason=reason, told_by=gateway.id))
    channel = address_channel(gateway)
    if channel is not None and closed:
        suppress_each(gateway.label_id, channel, closed, addresses=_plain_addresses(reports))
        _log_closed(gateway, Counter(why.reason for why in closed.values()))
    return [report for report in reports if not (report.names_address_only and _reason(report))]


def _log_closed(gateway: GatewayValues, counts: Counter[str]) -> None:
    for reason, count in sorted(counts.items()):
        logger.info(
            "gateway %s: %d addresses whose message is not known are suppressed: %s",
            gateway.slug,
            count,
            reason,
        )


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
