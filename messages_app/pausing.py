"""Pausing a gateway whose provider refuses its account."""

import logging

from gateways.models import Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.signals import gateway_paused

logger = logging.getLogger(__name__)


def pause(gateway_id: int, detail: str) -> None:
    """Nothing leaves through it until a person has looked; told once. `detail` is scrubbed."""
    reason = detail[:PAUSE_REASON_LENGTH]
    running = Gateway.objects.filter(pk=gateway_id, is_paused=False)
    if running.exists() and running.update(is_paused=True, paused_because=reason):
        logger.error("gateway %s is paused: %s", gateway_id, reason)
        gateway_paused.send(Gateway, gateway_id=gateway_id, reason=reason)
