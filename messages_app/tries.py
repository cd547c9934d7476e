"""Tries to send a message, and the send attempts that are written of them."""

import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from gateway_project.lib import bulk, prepared
from gateway_project.lib.bulk import Row
from gateway_project.lib.http import HttpAnswer, TransportError
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.journal import about
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub, stands_in
from gateway_project.lib.sentinel import watching
from gateway_project.lib.storable import storable
from gateway_project.lib.vocabulary import Channel
from gateways.adapters import address_channel
from gateways.providers.base import (
    HttpProvider,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderError,
    SendResult,
    transport_error,
)
from gateways.providers.registry import secret_values
from gateways.values import GatewayValues
from messages_app.asking import first_ask
from messages_app.causes import Cause, cause_of_try
from messages_app.models import DETAIL_LENGTH, PROVIDER_ID_LENGTH, Message, SendAttempt
from messages_app.outcomes import UNKNOWN, Decision, Next, NotSendable, Result
from messages_app.parcels import Parcel, fault
from messages_app.questions import can_be_asked

logger = logging.getLogger(__name__)

WRITTEN = (
    *("message_id", "gateway_id", "number", "outcome", "detail", "cause", "provider_id"),
    *("address_index", "address_channel", "started_at", "finished_at", "ask_at"),
)
KNOWN = """
SELECT provider_id FROM messages_app_sendattempt
WHERE gateway_id = ANY (%s::bigint[]) AND provider_id = ANY (%s::text[]) AND provider_id <> ''
"""


@dataclass(slots=True, kw_only=True)
class Tried:
    """One message, the gateway it was tried at, and what came of it."""

    message: Message
    gateway: GatewayValues
    provider: Provider
    lease: UUID
    started_at: datetime
    result: Result
    outbound: OutboundMessage | None = None
    """What the provider was given; None where nothing could be made ready."""
    was_called: bool = True
    """Whether the provider was asked at all."""

    @property
    def recipient(self) -> Personal | None:
        return self.outbound.recipient if self.outbound else None

    @property
    def address_index(self) -> str:
        """Blind index of the address that was tried. Empty for a preview's: it is nobody's."""
        user, channel = self.message.end_user, address_channel(self.gateway)
        if self.recipient is None or user is None or channel is None:
            return ""
        return user.address_index(channel) or ""

    def scrubbed(self, text: str) -> str:
        """The provider's words without whom the message is for and the gateway's secrets."""
        if not text:
            return text
        hidden = [*self._names(), *secret_values(self.provider)]
        return storable(scrub(text, *hidden))[:DETAIL_LENGTH]

    def _names(self) -> list[Personal | str]:
        """The address of whom it is for, and their id as Smartico and as the platform has it."""
        names: list[Personal | str] = [self.recipient] if self.recipient else []
        names += [self.outbound.ext_user_id] if self.outbound else []
        names += [self.message.end_user.ext_user_id] if self.message.end_user else []
        return names


class Named(NamedTuple):
    """What a gateway's provider calls a message that it took."""

    gateway_id: int
    provider_id: str


def tries_of(parcel: Parcel, future: "Future[Any]") -> list[Tried]:
    """What came of a parcel, message by message."""
    with watching(*parcel.recipients), about(*parcel.message_ids):
        results = _results(parcel, future)
    outbound: list[OutboundMessage | None] = [*parcel.outbound] or [None]
    return [
        Tried(
            message=message,
            gateway=parcel.gateway,
            provider=parcel.provider,
            lease=parcel.lease,
            started_at=parcel.started_at,
            result=result,
            outbound=given,
            was_called=parcel.problem is None,
        )
        for message, result, given in zip(parcel.messages, results, outbound, strict=True)
    ]


def _results(parcel: Parcel, future: "Future[Any]") -> Sequence[Result]:
    """One result per message, whatever happened."""
    each = len(parcel.messages)
    try:
        answer = future.result()
        if isinstance(answer, HttpAnswer) and isinstance(parcel.provider, HttpProvider):
            return _one_each(parcel, parcel.provider.results(parcel.outbound, answer))
        return [answer]
    except (NotSendable, ProviderError) as problem:
        return [problem] * each
    except TransportError as error:
        return [transport_error(error)] * each
    except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
        return [OutcomeUnknown(fault(parcel, error))] * each


def _one_each(parcel: Parcel, results: Sequence[Result]) -> Sequence[Result]:
    """Raises where there are more or fewer: nobody can say whose they are."""
    if len(results) != len(parcel.messages):
        raise ValueError("not one result for each message")
    return results


def in_doubt_at(gateway_id: int) -> Exists:
    """Whether a message may have left through the gateway already, since an earlier try there got
    no answer. Only that gateway knows it again; by another it would go twice."""
    unanswered = SendAttempt.objects.filter(
        message=OuterRef("pk"), gateway=gateway_id, outcome=UNKNOWN
    )
    requeued_at = OuterRef("requeued_at")
    return Exists(unanswered.filter(Q(finished_at__gt=requeued_at) | Q(message__requeued_at=None)))


def write_attempts(decided: Sequence[tuple[Tried, Decision]], now: datetime) -> list[Named]:
    """A row for each try, with the provider's id and the decision's words. Answers what the
    providers call what they took."""
    provider_ids = _provider_ids([tried for tried, _ in decided])
    plain: list[Row] = []
    rendered: list[SendAttempt] = []
    for tried, decision in decided:
        row = _row(tried, decision, provider_ids, now)
        if isinstance(tried.result, SendResult) and tried.result.rendered is not None:
            known = dict(zip(WRITTEN, row, strict=True))
            rendered.append(SendAttempt(**known, **_rendered(tried.result)))
        else:
            plain.append(row)
    bulk.write(bulk.inserting(SendAttempt, WRITTEN, plain))
    SendAttempt.objects.bulk_create(rendered)
    return [
        Named(tried.gateway.id, provider_ids[tried.message.pk])
        for tried, _ in decided
        if tried.message.pk in provider_ids
    ]


def _row(tried: Tried, decision: Decision, provider_ids: Mapping[UUID, str], now: datetime) -> Row:
    """What is written of it, in the order of WRITTEN."""
    return (
        tried.message.pk,
        tried.gateway.id,
        tried.message.attempts,
        decision.outcome,
        decision.detail,
        _word(cause_of_try(tried.result)),
        provider_ids.get(tried.message.pk, ""),
        tried.address_index,
        _word(address_channel(tried.gateway)),
        tried.started_at,
        now,
        first_ask(now) if _is_asked_about(tried, decision, provider_ids) else None,
    )


def _word(choice: Cause | Channel | None) -> str:
    return "" if choice is None else choice.value


def _rendered(result: SendResult) -> dict[str, Any]:
    """The provider's copy, and a name of its own to seal it under."""
    return {"rendered": result.rendered, "rendered_as": new_id()}


def _is_asked_about(tried: Tried, decision: Decision, provider_ids: Mapping[UUID, str]) -> bool:
    """Whether the provider answers questions about it: by an id of its own where it took the
    message, by ours where the message is parked."""
    if not can_be_asked(tried.provider, tried.gateway, decision.outcome):
        return False
    if not isinstance(tried.result, SendResult):
        return decision.next == Next.PARK
    kept = provider_ids.get(tried.message.pk)
    return bool(kept) and kept == tried.result.provider_id


def _provider_ids(tries: Sequence[Tried]) -> dict[UUID, str]:
    """The id of each taken message at its provider: ours where it gave none, or an old one."""
    given = {
        tried.message.pk: _provider_id(tried, tried.result)
        for tried in tries
        if isinstance(tried.result, SendResult)
    }
    known = _known({tried.gateway.id for tried in tries}, set(given.values()) - {""})
    nameless: list[UUID] = []
    for message_id, provider_id in given.items():
        if not provider_id or provider_id in known:
            nameless.append(message_id)
            given[message_id] = str(message_id)
        known.add(provider_id)
    if nameless:
        with about(*nameless):
            logger.warning("providers gave no id of their own for %d messages", len(nameless))
    return given


def _known(gateway_ids: Collection[int], provider_ids: Collection[str]) -> set[str]:
    """Those of the ids that were given at these gateways before."""
    if not provider_ids:
        return set()
    if connection.vendor == "postgresql":
        rows = prepared.rows(KNOWN, [bulk.array(gateway_ids), bulk.array(provider_ids)])
        return {provider_id for (provider_id,) in rows}
    earlier = SendAttempt.objects.filter(gateway__in=gateway_ids, provider_id__in=provider_ids)
    return set(earlier.values_list("provider_id", flat=True))


def _provider_id(tried: Tried, result: SendResult) -> str:
    """The id as it was given; none where it is only the recipient's address again."""
    provider_id = storable(result.provider_id or "")[:PROVIDER_ID_LENGTH]
    is_address = tried.recipient is not None and stands_in(tried.recipient, provider_id)
    return "" if is_address else provider_id
