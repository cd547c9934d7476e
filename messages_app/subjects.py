"""Subjects of reports: the message that each is about."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from gateway_project.lib.identifiers import read_id
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.models import Message, SendAttempt
from messages_app.recipients import last_messages
from messages_app.reported import Report, kept_id
from messages_app.statuses import BESIDE

logger = logging.getLogger(__name__)


def messages_named(gateway_id: int, updates: Sequence[StatusUpdate]) -> list[UUID | None]:
    """For each update its message: by our id where this gateway has it, else by the provider's.

    A message that nobody has tried to send yet is none: who reports on it knows too much.
    """
    own_ids = {own_id for update in updates if (own_id := read_id(update.message_id))}
    provider_ids = {kept_id(update) for update in updates if update.provider_id}
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
        else by_provider_id.get(kept_id(update))
        for update in updates
    ]


def messages_of(
    gateway: GatewayValues, reports: Sequence[Report], until: datetime
) -> list[UUID | None]:
    """For each report its message: by an id, else the last one until then to the address.

    An opt-out or a complaint may come back through another gateway than the message went out by.
    """
    named = messages_named(gateway.id, [report.update for report in reports])
    by_address = {report.address_index for report in reports if report.may_go_by_address}
    here = last_messages(gateway, by_address, until=until)
    elsewhere = by_address - here.keys()
    anywhere = last_messages(gateway, elsewhere, until=until, is_any_gateway=True)
    return [
        found or _by_address(report, here, anywhere)
        for report, found in zip(reports, named, strict=True)
    ]


def without_foreign(gateway: GatewayValues, reports: Sequence[Report]) -> list[Report]:
    """Those that name no other gateway's message: who sends such has the wrong token for it."""
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


def _by_address(
    report: Report, here: Mapping[str, UUID], anywhere: Mapping[str, UUID]
) -> UUID | None:
    if not report.may_go_by_address:
        return None
    found = here.get(report.address_index)
    if found is None and report.update.status in BESIDE:
        found = anywhere.get(report.address_index)
    return found
