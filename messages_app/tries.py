"""Tries to send a message, and the send attempts that are written of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import reveals, scrub
from gateway_project.lib.storable import storable
from gateways.providers.base import Provider, SendResult
from gateways.providers.registry import secret_values
from gateways.values import GatewayValues
from messages_app.models import DETAIL_LENGTH, PROVIDER_ID_LENGTH, Message, SendAttempt
from messages_app.outcomes import Decision, Result

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Tried:
    """One message, the gateway it was tried at, and what came of it."""

    message: Message
    gateway: GatewayValues
    provider: Provider
    lease: UUID
    started_at: datetime
    result: Result
    recipient: Personal | None = None

    def scrubbed(self, text: str) -> str:
        """The provider's words without the recipient and the gateway's secrets."""
        hidden = [self.recipient] if self.recipient else []
        return storable(scrub(text, *hidden, *secret_values(self.provider)))[:DETAIL_LENGTH]


def write_attempts(decided: Sequence[tuple[Tried, Decision]], now: datetime) -> list[SendAttempt]:
    """A row for each try, with the provider's words scrubbed and its id."""
    provider_ids = _provider_ids([tried for tried, _ in decided])
    return SendAttempt.objects.bulk_create(
        SendAttempt(
            message_id=tried.message.pk,
            gateway_id=tried.gateway.id,
            number=tried.message.attempts,
            outcome=decision.outcome,
            detail=tried.scrubbed(decision.detail),
            provider_id=provider_ids.get(tried.message.pk, ""),
            rendered=tried.result.rendered if isinstance(tried.result, SendResult) else None,
            started_at=tried.started_at,
            finished_at=now,
        )
        for tried, decision in decided
    )


def _provider_ids(tries: Sequence[Tried]) -> dict[UUID, str]:
    """The id of each taken message at its provider: ours where it gave none, or an old one."""
    given = {
        tried.message.pk: _provider_id(tried, tried.result)
        for tried in tries
        if isinstance(tried.result, SendResult)
    }
    earlier = SendAttempt.objects.filter(
        gateway__in={tried.gateway.id for tried in tries},
        provider_id__in=set(given.values()) - {""},
    )
    known = set(earlier.values_list("provider_id", flat=True))
    nameless = 0
    for message_id, provider_id in given.items():
        if not provider_id or provider_id in known:
            nameless += 1
            given[message_id] = str(message_id)
        known.add(provider_id)
    if nameless:
        logger.warning("providers gave no id of their own for %d messages", nameless)
    return given


def _provider_id(tried: Tried, result: SendResult) -> str:
    """The id as it was given; none where it is only the recipient's address again."""
    provider_id = storable(result.provider_id or "")[:PROVIDER_ID_LENGTH]
    is_address = tried.recipient is not None and reveals(provider_id, tried.recipient)
    return "" if is_address else provider_id
