"""Pausing gateways whose providers refuse their accounts."""

import logging
from collections.abc import Mapping
from functools import partial

from django.db import transaction

from gateway_project.lib.draining import skipping_locked
from gateways.auditing import record
from gateways.models import Action, ConfigurationVersion, Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.signals import gateway_paused

logger = logging.getLogger(__name__)


def pause(details: Mapping[int, str]) -> None:
    """Nothing leaves through these gateways, each with what its provider said, until a person has
    looked. Written down and told once. The words are scrubbed.

    Belongs into a transaction, and never waits in it for whoever is changing the configuration:
    what they keep from being paused is refused once more.
    """
    running = Gateway.objects.filter(pk__in=details, is_paused=False)
    if not running.exists() or not ConfigurationVersion.take_if_free():
        return
    reasons: dict[int, str] = {}
    for gateway in skipping_locked(running.order_by("pk")):
        reasons[gateway.pk] = reason = details[gateway.pk][:PAUSE_REASON_LENGTH]
        Gateway.objects.filter(pk=gateway.pk).update(is_paused=True, paused_because=reason)
        changes = {"is_paused": [False, True]}
        record("worker", Action.CHANGED, gateway, changes=changes, reason=reason)
    if reasons:
        transaction.on_commit(partial(_tell, reasons), robust=True)


def _tell(reasons: Mapping[int, str]) -> None:
    for gateway_id, reason in reasons.items():
        logger.error("gateway %s is paused: %s", gateway_id, reason)
    gateway_paused.send_robust(Gateway, reasons=reasons)
