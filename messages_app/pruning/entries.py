"""Old reports in the inbox: whatever became of them, nobody waits for them any more.

And too many of them. Whoever knows a webhook URL, or where bounces are mailed to, can report on
messages that never were: of those that wait, each gateway keeps the newest.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet

from gateway_project.lib.clock import moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.values import GatewayValues
from messages_app.models import InboxEntry

logger = logging.getLogger(__name__)

BATCH = 500
MOST_WAITING, MOST_KEPT = 100_000, 10_000
"""Of one gateway: of those that wait, and of those among them that hold what could not be read."""


def remove_entries(label: str | None = None) -> int:
    """Deletes a batch of each gateway's; answers how many."""
    return sum(_remove(gateway) for gateway in _gateways(label))


def _remove(gateway: GatewayValues) -> int:
    retention = configuration.current().labels[gateway.label_id].retention
    until = moment() - timedelta(days=retention.events_days)
    mine = InboxEntry.objects.filter(gateway=gateway.id)
    old = _delete(mine.filter(received_at__lt=until).order_by("received_at"))
    waiting = mine.filter(applied_at=None)
    too_many = _delete(_behind(waiting, MOST_WAITING))
    too_many += _delete(_behind(waiting.filter(kept__isnull=False), MOST_KEPT))
    if too_many:
        logger.error("gateway %s: its inbox is full; the oldest reports are dropped", gateway.slug)
    return old + too_many


def _behind(entries: "QuerySet[InboxEntry]", newest: int) -> "QuerySet[InboxEntry]":
    """All but so many of the newest, the oldest first."""
    keys = entries.order_by("-pk").values_list("pk", flat=True)
    last = keys[newest : newest + 1].first()
    return entries.filter(pk__lte=last or 0).order_by("pk")


def _delete(entries: "QuerySet[InboxEntry]") -> int:
    """A batch of them."""
    if not entries.exists():
        return 0
    with writing():
        ids = list(skipping_locked(entries).values_list("pk", flat=True)[:BATCH])
        count, _ = InboxEntry.objects.filter(pk__in=ids).delete()
    return count


def _gateways(label: str | None) -> Iterable[GatewayValues]:
    current = configuration.current()
    return [
        gateway
        for gateway in current.gateways.values()
        if label in (None, current.labels[gateway.label_id].slug)
    ]
