"""A message's whole story: what the floors know of it, on one timeline."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from callbacks import timeline as callbacks
from callbacks.models import CallbackDelivery
from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.models import Gateway
from messages_app.models import Message
from messages_app.receipts import is_silent, missed_at
from messages_app.timeline import Entry, in_order, story
from messages_app.waits import UNDER_WAY, wait_of

STILL_NEW = timedelta(minutes=10)
"""So long after the last entry a report of the delivery is worth waiting for before the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`is_under_way` is whether more is likely to be told soon."""

    entries: tuple[Entry, ...]
    waits: tuple[Entry, ...]
    is_under_way: bool
    is_settled_with_smartico: bool
    """Whether a status was told, or given up, that could be told again."""

    @property
    def digest(self) -> str:
        """Changes when the story does, and not because time goes by."""
        waits = [(wait.title, wait.lines) for wait in self.waits]
        return sha256(repr((self.entries, waits)).encode()).hexdigest()[:16]


def story_of(message: Message) -> Story:
    """Reads it, in five statements. With the message come the rows of whom it belongs to."""
    now = database_now()
    rows_of_tries = message.send_attempts.select_related("gateway").defer("rendered")
    attempts = list(rows_of_tries.order_by("pk"))
    events = list(message.status_events.order_by("pk"))
    rows = CallbackDelivery.objects.filter(message=message).order_by("pk")
    deliveries = list(rows.prefetch_related("delivery_attempts"))
    entries = in_order(
        [
            *story(message, attempts, events),
            *callbacks.told(deliveries),
            *callbacks.untold(events, deliveries),
        ]
    )
    reports = _reports_deliveries(message.gateway)
    own_wait = wait_of(
        message,
        message.gateway,
        reports=reports,
        now=now,
        missed_at=missed_at(message, attempts, events),
        ask_at=max((each.ask_at for each in attempts if each.ask_at), default=None),
    )
    owed = callbacks.waits(deliveries, message.label, now)
    return Story(
        entries=tuple(entries),
        waits=(*([own_wait] if own_wait else []), *owed),
        is_under_way=bool(owed) or _is_under_way(message, entries[-1].at, reports, now),
        is_settled_with_smartico=len(deliveries) > len(owed),
    )


def _is_under_way(message: Message, last: datetime, reports: bool, now: datetime) -> bool:
    is_waiting = is_silent(message) and reports and now - last < STILL_NEW
    return message.state in UNDER_WAY or is_waiting


def _reports_deliveries(gateway: Gateway) -> bool:
    """Whether this account, as it is configured, tells of deliveries at all."""
    try:
        adapter = adapter_of(configuration.current().gateways[gateway.pk])
    except (LookupError, Undecryptable):
        return False
    return Status.DELIVERED in adapter.reported(Channel(gateway.channel))
