"""Suspension: a label whose api_key was turned away calls nobody until a person has looked."""

import logging

from gateway_project.lib.clock import database_now
from gateways.models import Label

logger = logging.getLogger(__name__)


def suspend(label_id: int, because: str) -> None:
    """Stops the label's callbacks; what is owed stays owed. Alarms at the first call only."""
    label = Label.objects.filter(pk=label_id, callbacks_suspended_at=None).first()
    if label is None:
        return
    suspended = Label.objects.filter(pk=label_id, callbacks_suspended_at=None).update(
        callbacks_suspended_at=database_now(), callbacks_suspended_because=because
    )
    if suspended:
        logger.error("callbacks of label %s are suspended: %s", label.slug, because)
