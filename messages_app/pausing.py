"""Pausing gateways: their providers refuse their accounts, or the blast guard holds them."""

import logging
from collections.abc import Mapping

from gateway_project.lib.clock import moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.transactions import after_commit
from gateways.auditing import record
from gateways.models import Action, ConfigurationVersion, Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.signals import gateway_paused

logger = logging.getLogger(__name__)

GUARD = "blast guard"
"""Who acts, in the audit."""


def pause(details: Mapping[int, str], *, by_guard: bool = False) -> Mapping[int, str]:
    """Nothing leaves through these gateways, each with the reason, such as what its provider said,
    until a person has looked. Written down and told once. The words are scrubbed. Answers which of
    them it has paused.

    Belongs into a transaction, and never waits in it for whoever is changing the configuration:
    what they keep from being paused is refused once more.
    """
    running = Gateway.objects.filter(pk__in=details, is_paused=False)
    if not running.exists() or not ConfigurationVersion.take_if_free():
        return {}
    reasons: dict[int, str] = {}
    for gateway in skipping_locked(running.order_by("pk")):
        reasons[gateway.pk] = reason = details[gateway.pk][:PAUSE_REASON_LENGTH]
        Gateway.objects.filter(pk=gateway.pk).update(
            is_paused=True,
            paused_at=moment(),
            paused_because=reason,
            is_held_by_guard=by_guard,
        )
        changes = {"is_paused": [False, True]}
        actor = GUARD if by_guard else "worker"
        record(actor, Action.CHANGED, gateway, changes=changes, reason=reason)
    if reasons:
        after_commit(_tell, reasons)
    return reasons


def _tell(reasons: Mapping[int, str]) -> None:
    for gateway_id, reason in reasons.items():
        logger.error("gateway %s is paused: %s", gateway_id, reason)
    gateway_paused.send_robust(Gateway, reasons=reasons)
