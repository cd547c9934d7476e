"""Reports that could not be read, kept without anybody's address.

What looks like an address, a number or a secret is taken out before anything is written, so an id
that is a long number is lost with it; the message is then not found.
"""

import logging
from typing import Any
from urllib.parse import urlencode

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.fibers import done_aside
from gateway_project.lib.redaction import scrub
from gateway_project.lib.storable import storable
from gateway_project.lib.transactions import writing
from gateways.adapters import adapter_of
from gateways.providers.base import Provider, StatusUpdate, WebhookRequest
from gateways.providers.marks import MARK
from gateways.providers.registry import secret_values
from gateways.values import GatewayValues
from messages_app.models import InboxEntry, Wait

logger = logging.getLogger(__name__)

FAULTS = (
    *(ValueError, TypeError, LookupError, AttributeError, RecursionError),
    *(ArithmeticError, OSError),  # of times that no calendar and no clock holds
)
"""What reading strangers' structures may end in."""
REASON_LENGTH = 120
KEPT_LENGTH = 16_000
TELLING_HEADERS = ("content-type", "x-amz-sns-message-type")
"""Without these some webhooks cannot be read; the others may be credentials, as our mark in a query
is."""


@done_aside
def keep_unreadable(gateway: GatewayValues, request: WebhookRequest, problem: Exception) -> None:
    """Puts a webhook that its adapter cannot read into the inbox, scrubbed; the same one once."""
    now = database_now()
    reason = scrub(str(problem)) if isinstance(problem, ValueError) else type(problem).__name__
    entry = InboxEntry(
        gateway_id=gateway.id,
        waits_for=Wait.A_READER,
        detail=storable(reason)[:REASON_LENGTH],
        meaning=keyed_digest(
            request.body or urlencode(request.query).encode(), purpose="inbox-entry"
        ),
        kept=_kept(adapter_of(gateway), request),
        occurred_at=now,
        received_at=now,
    )
    with writing():
        InboxEntry.objects.bulk_create([entry], ignore_conflicts=True)
    logger.warning("gateway %s: a webhook could not be read; see the inbox", gateway.slug)


def kept_item(gateway: GatewayValues, update: StatusUpdate) -> dict[str, Any] | None:
    """What is kept of a report that could not be read among others that could."""
    if not update.unread:
        return None
    text = _scrubbed(adapter_of(gateway), update.unread)
    return {"text": text, "headers": {"content-type": "application/json"}, "query": {}}


def shown(entry: InboxEntry) -> str:
    """What is kept of it, as a person may see it."""
    return str(entry.kept.reveal()["text"]) if entry.kept is not None else ""


def _kept(adapter: Provider, request: WebhookRequest) -> dict[str, Any]:
    headers = {name: request.headers.get(name, "") for name in TELLING_HEADERS}
    return {
        "text": _scrubbed(adapter, request.body.decode("utf-8", "replace")),
        "headers": {name: value for name, value in headers.items() if value},
        "query": {
            _scrubbed(adapter, name): _scrubbed(adapter, value)
            for name, value in request.query.items()
            if name != MARK
        },
    }


def _scrubbed(adapter: Provider, text: str) -> str:
    return storable(scrub(text, *secret_values(adapter), kept=KEPT_LENGTH))
