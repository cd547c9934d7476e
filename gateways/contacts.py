"""Contacts with providers, noted for the go-live check list."""

import logging
import time
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import Error

from gateway_project.lib.clock import database_now
from gateway_project.lib.fibers import done_aside
from gateway_project.lib.transactions import writing
from gateways.models import Contact

logger = logging.getLogger(__name__)

NOTED_EVERY_SECONDS = 60.0
LATELY = timedelta(hours=1)


class Met(StrEnum):
    """How a provider met our webhook URL, by the column that keeps the moment."""

    PROBE = "probed_at"
    WEBHOOK = "webhook_at"
    REFUSAL = "refused_at"


_noted: dict[tuple[int, Met], float] = {}
forget = _noted.clear


def note(gateway_id: int, met: Met) -> None:
    """Keeps the moment right to the minute, at the price of one write a minute.

    What cannot be written is let go: no webhook fails for it.
    """
    now = time.monotonic()
    if now - _noted.get((gateway_id, met), -NOTED_EVERY_SECONDS) < NOTED_EVERY_SECONDS:
        return
    _noted[gateway_id, met] = now
    try:
        _write(gateway_id, **{met.value: database_now()})
    except Error as error:
        logger.warning("gateway %s: a contact was not noted: %s", gateway_id, type(error).__name__)


def refused_lately(now: datetime) -> dict[str, Any]:
    """The condition on gateways at whose webhook URL somebody did not prove themselves."""
    return {"contact__refused_at__gte": now - LATELY}


@done_aside
def _write(gateway_id: int, **values: object) -> None:
    with writing():
        Contact.objects.update_or_create(gateway_id=gateway_id, defaults=values)
