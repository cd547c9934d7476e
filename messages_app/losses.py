"""Messages that may have been sent and of which nobody has written down whether they were."""

from collections.abc import Collection
from datetime import datetime

from gateway_project.lib.crypto import Undecryptable
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.models.gateway import OnUnknown
from gateways.providers.base import Provider
from gateways.values import GatewayValues
from messages_app.asking import first_ask
from messages_app.events import fail, record
from messages_app.models import Message, SendAttempt, State
from messages_app.outcomes import UNKNOWN
from messages_app.questions import can_be_asked


def decide(messages: Collection[Message], because: str, now: datetime) -> None:
    """What becomes of them; called in a transaction that has locked them.

    What the provider has reported on was sent. The rest goes again only where a repeat does no
    harm, or where the operator has said so.
    """
    for message in messages:
        message.state = _state_after_loss(message)
        message.due_at = now if message.state == State.QUEUED else None
        message.lease = message.lease_until = None
    SendAttempt.objects.bulk_create(_lost_attempt(message, because, now) for message in messages)
    failed = {row.pk: row for row in messages if row.state == State.FAILED}
    fail(failed, because, now=now)
    record([], now=now, changed={row.pk: row for row in messages if row.pk not in failed})


def _state_after_loss(message: Message) -> State:
    if message.is_known_to_be_taken:
        return State.SENT
    if message.is_test:
        return State.FAILED
    gateway = configuration.current().gateways[message.gateway_id]
    if _is_idempotent(gateway) or gateway.on_unknown == OnUnknown.REPEAT:
        return State.QUEUED
    return State.FAILED if gateway.on_unknown == OnUnknown.FAIL else State.UNKNOWN


def _is_idempotent(gateway: GatewayValues) -> bool:
    adapter = _adapter(gateway)
    return adapter is not None and adapter.idempotent


def _adapter(gateway: GatewayValues) -> Provider | None:
    """None where there is no such provider any more, or its configuration cannot be read: that is
    no reason to keep its messages."""
    try:
        return adapter_of(gateway)
    except (LookupError, Undecryptable):
        return None


def _lost_attempt(message: Message, because: str, now: datetime) -> SendAttempt:
    gateway = configuration.current().gateways[message.gateway_id]
    is_parked = message.state == State.UNKNOWN
    is_asked_about = is_parked and can_be_asked(_adapter(gateway), gateway, UNKNOWN)
    return SendAttempt(
        message_id=message.pk,
        gateway_id=message.gateway_id,
        number=message.attempts,
        outcome=UNKNOWN,
        detail=because,
        started_at=now,
        finished_at=now,
        ask_at=first_ask(now) if is_asked_about else None,
    )
