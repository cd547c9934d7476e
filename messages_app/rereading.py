"""Reading again what could not be read when it came."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import WebhookRequest
from messages_app.models import InboxEntry, Wait
from messages_app.reports import apply_to_gateway
from messages_app.unreadable import FAULTS


def read_again(entries: Iterable[InboxEntry]) -> int:
    """Reads what is kept of these with the adapters as they are now; answers how many could be.

    What is in one that could be read is applied as if it had just come, and the entry is done.
    """
    return sum(_read_one(entry.pk) for entry in entries)


def _read_one(pk: int) -> bool:
    with writing():
        waiting = InboxEntry.objects.select_for_update().filter(
            pk=pk, applied_at=None, waits_for=Wait.A_READER, kept__isnull=False
        )
        entry = waiting.first()
        if entry is None or entry.kept is None:
            return False
        gateway = configuration.current().gateways[entry.gateway_id]
        try:
            updates = adapter_of(gateway).parse_webhook(_request(entry.kept.reveal()))
        except FAULTS:
            return False
        if not updates or not all(update.is_read for update in updates):
            return False
        entry.applied_at = database_now()
        InboxEntry.objects.filter(pk=pk).update(applied_at=entry.applied_at, kept=None)
        apply_to_gateway(gateway, updates)
    return True


def _request(kept: Mapping[str, Any]) -> WebhookRequest:
    return WebhookRequest(
        method="POST",
        url="",
        headers=kept["headers"],
        query=kept["query"],
        body=kept["text"].encode(),
    )
