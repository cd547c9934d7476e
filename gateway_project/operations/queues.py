"""The queues, counted: what waits in each, by label and gateway."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from callbacks.models import CallbackDelivery
from gateways import configuration
from gateways.values import Configuration, GatewayValues, LabelValues
from messages_app.holding import first_due, held_brands, unheld
from messages_app.models import InboxEntry, Message, Relay, State
from messages_app.sending import may_send


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What waits in a queue for one gateway, or for one label. `may_leave`: unless it is held.

    `oldest` is that of those that may, where some are held for a brand's sake.
    """

    queue: str
    label: str
    gateway: str
    depth: int
    oldest: datetime | None
    may_leave: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A kind of row that waits; its `columns` say for whom."""

    name: str
    waiting: Callable[[], QuerySet[Any]]
    columns: tuple[str, ...]


QUEUES = (
    Queue(
        name="send",
        waiting=lambda: Message.objects.filter(state=State.QUEUED),
        columns=("gateway_id",),
    ),
    Queue(
        name="report",
        waiting=lambda: CallbackDelivery.objects.owed(),
        columns=("label_id",),
    ),
    Queue(
        name="relay",
        waiting=lambda: Relay.objects.filter(settled_at__isnull=True),
        columns=("label_id", "gateway_id", "listener"),
    ),
    Queue(
        name="inbox",
        waiting=lambda: InboxEntry.objects.filter(applied_at=None, due_at__isnull=False),
        columns=("gateway_id",),
    ),
)


def lines() -> Iterator[Line]:
    """All that waits, and every active gateway and label for which nothing does: a count of none
    is told, too."""
    house = configuration.current()
    for queue in QUEUES:
        found = _counted(queue, house)
        for key in {**_expected(queue, house), **found}:
            yield _line(queue, house, *key, *found.get(key, (0, None)))


Key = tuple[int | None, int | None]
"""The label's id and the gateway's."""


def _counted(queue: Queue, house: Configuration) -> dict[Key, tuple[int, datetime | None]]:
    """How many and the oldest that may leave, out of the index by which the rows become due."""
    found: dict[Key, tuple[int, datetime | None]] = {}
    rows = queue.waiting().order_by().values(*queue.columns)
    for row in rows.annotate(depth=Count("*"), oldest=Min("due_at")):
        key = row.get("label_id"), row.get("gateway_id")
        depth, oldest = found.get(key, (0, None))
        moments = [oldest, None if _is_suspended(row, house) else row["oldest"]]
        found[key] = depth + row["depth"], min(filter(None, moments), default=None)
    return found


def _is_suspended(row: Mapping[str, Any], house: Configuration) -> bool:
    """Whether these are relays of which a listener is told nothing until a person has looked."""
    label = house.labels.get(row.get("label_id") or 0)
    return label is not None and row.get("listener") in label.opt_outs_suspended


def _expected(queue: Queue, house: Configuration) -> dict[Key, None]:
    if queue.name == "send":
        return {(None, each.id): None for each in house.gateways.values() if each.is_active}
    if queue.name == "report":
        return {(each, None): None for each in house.labels}
    return {}


def _line(
    queue: Queue,
    house: Configuration,
    label_id: int | None,
    gateway_id: int | None,
    depth: int,
    oldest: datetime | None,
) -> Line:
    gateway = house.gateways.get(gateway_id or 0)
    label = house.labels.get(gateway.label_id if gateway else label_id or 0)
    return Line(
        queue=queue.name,
        label=label.slug if label else "",
        gateway=gateway.slug if gateway else "",
        depth=depth,
        oldest=_oldest_unheld(queue, gateway, oldest),
        may_leave=_may_leave(queue, gateway, label),
    )


def _oldest_unheld(
    queue: Queue, gateway: GatewayValues | None, oldest: datetime | None
) -> datetime | None:
    """Looked up only where a paused brand's messages may be among those that wait."""
    if queue.name != "send" or gateway is None or not held_brands(gateway):
        return oldest
    return first_due(unheld(queue.waiting().filter(gateway=gateway.id), gateway), gateway)


def _may_leave(queue: Queue, gateway: GatewayValues | None, label: LabelValues | None) -> bool:
    """What a person or a breaker holds is not late."""
    if queue.name == "report":
        return label is None or not label.callbacks_suspended
    return queue.name == "inbox" or gateway is None or may_send(gateway)
