"""What a paused label or brand holds at gateways that go on sending for others.

Holding and releasing write nothing: claims leave the held messages out, and so they keep their
places. After a release the oldest go first, before all that came later.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import from_the_front
from gateways import configuration
from gateways.values import GatewayValues
from messages_app.models import Message

LATE = timedelta(seconds=10)
"""How long after its moment a row may still turn up: transactions end later than they begin."""
KEPT_SECONDS = 60.0
"""For so long a process does not look again at what it has found held. What turned up later still
is found after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """All that was due at a gateway before this moment belonged to these brands."""

    brand_ids: frozenset[int]
    due_at: datetime
    forget_at: float


_marks: dict[int, _Mark] = {}


def is_held(gateway: GatewayValues) -> bool:
    """Whether all messages of a gateway are, since its label or its brand is paused."""
    label = configuration.current().labels[gateway.label_id]
    return label.is_paused or gateway.brand_id in held_brands(gateway)


def held_brands(gateway: GatewayValues) -> frozenset[int]:
    """The paused brands whose messages the gateway may carry."""
    brands = configuration.current().labels[gateway.label_id].brands.values()
    return frozenset(brand.id for brand in brands if brand.is_paused)


def unheld(rows: "QuerySet[Message]", gateway: GatewayValues) -> "QuerySet[Message]":
    """Those of a gateway's waiting messages that no brand's pause holds. Tests leave all the same.

    However many are held, their part of the index is passed over and not read at every claim.
    """
    brand_ids = held_brands(gateway)
    if not brand_ids:
        return rows
    mark = _mark_of(gateway, brand_ids)
    if mark is not None:
        rows = rows.filter(due_at__gte=mark.due_at)
    return rows.exclude(Q(brand__in=brand_ids) & Q(is_test=False))


def is_any(due: "QuerySet[Message]", gateway: GatewayValues) -> bool:
    """Whether there is any among the gateway's unheld due messages, all of them. The first one is
    asked for: in search of whichever, a server may walk through all the messages there are."""
    return first_due(due, gateway) is not None


def first_due(rows: "QuerySet[Message]", gateway: GatewayValues) -> datetime | None:
    """When the first of the gateway's unheld messages, all of them or all that are due, is due.
    How far it had to look is kept for the next look."""
    moments = rows.order_by("due_at").values_list("due_at", flat=True)
    brand_ids = held_brands(gateway)
    if not brand_ids:
        with from_the_front():
            return moments.first()
    now = database_now()
    with from_the_front():
        first = moments.first()
    known = _mark_of(gateway, brand_ids)
    _marks[gateway.id] = _Mark(
        brand_ids=brand_ids,
        due_at=min(first or now, now) - LATE,
        forget_at=known.forget_at if known else time.monotonic() + KEPT_SECONDS,
    )
    return first


def _mark_of(gateway: GatewayValues, brand_ids: frozenset[int]) -> _Mark | None:
    mark = _marks.get(gateway.id)
    is_known = mark is not None and mark.brand_ids == brand_ids
    return mark if is_known and mark and time.monotonic() < mark.forget_at else None
