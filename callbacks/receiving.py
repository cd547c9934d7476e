"""Receiving: what providers and notification centres tell us about our messages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from callbacks.status_reports import StatusReport
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.vocabulary import CALLBACK_TYPES
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.models.gateway import token_digest
from gateways.providers.base import Provider, StatusUpdate, WebhookAnswer, WebhookRequest
from gateways.providers.values import few
from gateways.values import GatewayValues, KeyValues
from messages_app.reports import apply_claim, apply_to_gateway
from messages_app.subjects import Claim
from messages_app.unreadable import FAULTS, keep_unreadable

logger = logging.getLogger(__name__)

MOST_UNREAD = 100
"""Kept one by one: where more of a webhook cannot be read, it is kept as a whole."""


class NotNow(Exception):
    """A report that cannot be taken at this moment, for a reason that lies with us."""


def gateway_of_token(token: str) -> GatewayValues | None:
    """The gateway, active or not, whose webhook URL ends with this token."""
    current = configuration.current()
    gateway_id = current.gateway_ids_by_token.get(token_digest(token))
    return None if gateway_id is None else current.gateways[gateway_id]


def answer_probe(gateway: GatewayValues, request: WebhookRequest) -> WebhookAnswer:
    """The provider's look at whether the URL is alive. Raises NotNow."""
    return _adapter(gateway).answer_probe(request)


def is_report(gateway: GatewayValues, request: WebhookRequest) -> bool:
    """Whether a GET is a webhook like those that are posted. Raises NotNow."""
    return _adapter(gateway).is_report(request)


def receive(gateway: GatewayValues, request: WebhookRequest) -> WebhookAnswer:
    """Takes a provider's webhook: every report in it is recorded or stands in the inbox.
    Returns what the provider is answered.

    Raises WebhookRefused where the sender did not prove itself, and NotNow.
    """
    adapter = _adapter(gateway)
    adapter.verify_webhook(request)
    with _unless_deleted(gateway):
        _take(adapter, gateway, request)
    return adapter.webhook_answer


def _take(adapter: Provider, gateway: GatewayValues, request: WebhookRequest) -> None:
    try:
        updates = few(adapter.parse_webhook(request))
    except FAULTS as problem:
        keep_unreadable(gateway, request, problem)
    else:
        apply_to_gateway(gateway, _few_unread(gateway, request, updates))


def _few_unread(
    gateway: GatewayValues, request: WebhookRequest, updates: list[StatusUpdate]
) -> list[StatusUpdate]:
    """All of them, unless far too many cannot be read: those are kept in one entry."""
    read = [update for update in updates if update.is_read]
    unread = len(updates) - len(read)
    if unread <= MOST_UNREAD:
        return updates
    keep_unreadable(gateway, request, ValueError(f"{unread} reports in it cannot be read"))
    return read


def receive_for_label(key: KeyValues, report: StatusReport) -> None:
    """Takes a status told with a label's status key; our own ids only. Raises Refused."""
    status = report.known_status()
    own_id = read_id(report.ext_message_id)
    if own_id is None:
        raise report.not_found()
    update = StatusUpdate(status=status, message_id=str(own_id), word=report.word)
    if not apply_claim(Claim(key=key, type=report.type, update=update)):
        raise report.not_found()


def receive_for_gateway(gateway: GatewayValues, report: StatusReport) -> None:
    """Takes a status told at a gateway's own URL, by our id or by the one it answered with.

    An unknown id is kept, since its message may not have been written yet; a status word whose
    meaning nobody has said goes to the inbox. Both are answered with a refusal. Raises Refused, and
    NotNow.
    """
    if report.type != CALLBACK_TYPES[gateway.channel]:
        raise report.not_found()
    own_id = read_id(report.ext_message_id)
    update = StatusUpdate(
        status=report.status,
        message_id=str(own_id) if own_id else None,
        provider_id=report.ext_message_id,
        word=report.word,
    )
    with _unless_deleted(gateway):
        is_known = apply_to_gateway(gateway, [update])
    if not is_known:
        report.known_status()
        raise report.not_found()


@contextmanager
def _unless_deleted(gateway: GatewayValues) -> Iterator[None]:
    """Raises NotNow where the gateway is deleted while this is written: its key is checked at the
    commit. Who comes again finds no such URL.
    """
    try:
        yield
    except IntegrityError:
        logger.warning("gateway %s was deleted while it was reported to", gateway.slug)
        raise NotNow from None


def _adapter(gateway: GatewayValues) -> Provider:
    try:
        return adapter_of(gateway)
    except (Undecryptable, LookupError):
        logger.error("gateway %s: its adapter cannot be made, its webhooks wait", gateway.slug)
        raise NotNow from None
