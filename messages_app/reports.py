"""Applying providers' reports: to the messages they name, or into the inbox."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gateway_project.lib.clock import database_now
from gateway_project.lib.personal import Personal
from gateway_project.lib.together import Lanes
from gateway_project.lib.transactions import writing
from gateways.adapters import address_channel
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.details import details_of
from messages_app.entries import keep
from messages_app.events import Fact, record, suppresses, suppression_reason
from messages_app.models import StatusEvent
from messages_app.parts import of_the_whole
from messages_app.reported import Report, kept_id, reported, storable_update
from messages_app.subjects import (
    Claim,
    Told,
    messages_claimed,
    messages_of,
    without_foreign,
)
from messages_app.words import count_ignored, translated
from users.suppressions import Closed, suppress_each

logger = logging.getLogger(__name__)


MOST_IN_COMPANY = 32
"""Reports: who tells of more at a time would only hold up the others. One of a label does so at a
time, since what they are written by is everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a gateway's provider tells at one time."""

    gateway: GatewayValues
    updates: Sequence[StatusUpdate] = field(repr=False)


def apply_to_gateway(gateway: GatewayValues, updates: Sequence[StatusUpdate]) -> int:
    """Records what is about this gateway's messages and keeps the rest in the inbox.

    Answers how many updates named a message known to the gateway. A report that names another
    gateway's message is dropped: its sender holds the wrong token for it. What others tell at the
    same moment is written in the same transaction, unless the caller is in one.
    """
    telling = Telling(gateway=gateway, updates=updates)
    if len(updates) > MOST_IN_COMPANY:
        return _apply_long_telling(telling)
    return _apply_telling(telling)


def apply_claim(claim: Claim) -> bool:
    """Records it, together with what others claim at the same moment; answers whether the message
    is known.
    """
    return _apply_claim(claim)


def apply_tellings(tellings: Sequence[Telling]) -> list[int]:
    """Applies them in one transaction; answers of each how many updates named a known message."""
    with writing():
        now = database_now()
        heard = _understood(tellings, now)
        current = [(place, told) for place, told in heard if _counts_now(told)]
        named = messages_of([told for _, told in current], now)
        met = [(place, told, found) for (place, told), found in zip(current, named, strict=True)]
        record_reports([(told.report, found) for _, told, found in met], now)
        unknown = close_addresses(without_foreign([told for _, told, found in met if not found]))
        keep([*(told for _, told in heard if not _counts_now(told)), *unknown], now)
    known = Counter(place for place, _, found in met if found)
    return [known[place] for place in range(len(tellings))]


def apply_claims(claims: Sequence[Claim]) -> list[bool]:
    """Applies them in one transaction; answers of each whether its message is known."""
    with writing():
        now = database_now()
        named = messages_claimed(claims)
        reports = [Report(update=storable_update(claim.update, now)) for claim in claims]
        record_reports(list(zip(reports, named, strict=True)), now)
    return [found is not None for found in named]


_apply_telling = Lanes(apply_tellings, lambda telling: telling.gateway.label_id)
_apply_long_telling = Lanes(apply_tellings, lambda telling: telling.gateway.label_id, most=1)
_apply_claim = Lanes(apply_claims, lambda claim: claim.key.label_id)


def _understood(tellings: Sequence[Telling], now: datetime) -> list[tuple[int, Told]]:
    """What is told, each with the place of its telling; without what a person has said to mean
    nothing.
    """
    heard: list[tuple[int, Told]] = []
    ignored: Counter[int] = Counter()
    for place, telling in enumerate(tellings):
        gateway = telling.gateway
        reports = [reported(gateway, update, now) for update in telling.updates]
        meant = translated(gateway, reports, ignored)
        heard += [(place, Told(gateway, report)) for report in meant if report is not None]
    count_ignored(ignored)
    return heard


def _counts_now(told: Told) -> bool:
    """It waits neither for its time nor for a person to say what it means."""
    return told.update.status is not None and not told.update.after


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


def close_addresses(told: Sequence[Told]) -> list[Told]:
    """Closes the addresses that reports without a message tell to close, as far as the label wants
    that. Answers the reports whose message may still turn up.
    """
    closing: defaultdict[tuple[int, str], list[Told]] = defaultdict(list)
    for each in told:
        channel = address_channel(each.gateway)
        if channel is not None and _closes(each):
            closing[each.gateway.label_id, channel.value].append(each)
    for (label_id, channel_name), alike in sorted(closing.items()):
        _close(label_id, channel_name, alike)
    return [each for each in told if not (each.report.names_address_only and _reason(each.report))]


def _closes(told: Told) -> bool:
    is_named = bool(told.report.address_index)
    return is_named and suppresses(told.gateway.label_id, _reason(told.report))


def _close(label_id: int, channel: str, told: Sequence[Told]) -> None:
    closed: dict[str, Closed] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for each in told:
        why = Closed(reason=_reason(each.report), told_by=each.gateway.id)
        if closed.setdefault(each.report.address_index, why) is why:
            counts[each.gateway.slug, why.reason] += 1
    suppress_each(
        label_id, channel, closed, addresses=_plain_addresses(each.report for each in told)
    )
    for (slug, reason), count in sorted(counts.items()):
        logger.info(
            "gateway %s: %d addresses whose message is not known are suppressed: %s",
            slug,
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
