"""Relays whose worker was lost while it told them."""

import logging

from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.models.gateway import OnUnknown
from gateways.values import GatewayValues
from messages_app.models import Relay, RelayKind, RelayOutcome

logger = logging.getLogger(__name__)

BATCH = 1000
WORKER_LOST = "the worker was lost while it was told"


def may_repeat(gateway: GatewayValues | None, kind: str) -> bool:
    """Whether it may be told twice. All but events may, without harm: a list, a contact and an
    order are then as they were. An event may where the gateway's operator has said so."""
    is_repeated = gateway is not None and gateway.on_unknown == OnUnknown.REPEAT
    return kind != RelayKind.EVENT or is_repeated


def take_back_lost_relays() -> int:
    """Makes due what lost workers had claimed, and ends what may have been told and may not be told
    again, whether its gateway is in use or not; answers how many."""
    with writing():
        now = database_now()
        lost = Relay.objects.filter(settled_at=None, lease__isnull=False, due_at__lte=now)
        relays = list(skipping_locked(lost.order_by("pk")).only("gateway_id", "kind")[:BATCH])
        ended = [row.pk for row in relays if not may_repeat(_gateway(row), row.kind)]
        Relay.objects.filter(pk__in=ended).update(
            outcome=RelayOutcome.UNKNOWN, detail=WORKER_LOST, settled_at=now
        )
        Relay.objects.filter(pk__in=[row.pk for row in relays]).update(lease=None)
    if relays:
        told = "%d relays were taken back from lost workers; the outcome of %d is unknown"
        logger.warning(told, len(relays), len(ended))
    return len(relays)


def _gateway(relay: Relay) -> GatewayValues | None:
    """None where it is not for a provider."""
    gateway_id = relay.gateway_id
    return None if gateway_id is None else configuration.current().gateways[gateway_id]
