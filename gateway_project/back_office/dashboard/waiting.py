"""What is on its way at this moment."""

from dataclasses import dataclass
from datetime import datetime

from callbacks.models import CallbackDelivery
from gateway_project.back_office.dashboard.gateways import GatewayRow, oldest
from gateway_project.back_office.dashboard.links import list_of
from gateway_project.back_office.dashboard.sight import Sight
from gateway_project.lib.paging import capped, in_figures
from messages_app.models import Message, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    title: str
    value: str
    note: str
    link: str


def waiting(sight: Sight, rows: list[GatewayRow], now: datetime) -> list[Waiting]:
    """The queue and its oldest, and the statuses that Smartico is owed."""
    found = []
    if sight.may("messages_app.view_message"):
        found += [_oldest(oldest(rows)), _queued(sight)]
    if sight.may("callbacks.view_callbackdelivery"):
        found.append(_owed(sight))
    return found


def _oldest(row: GatewayRow | None) -> Waiting:
    return Waiting(
        title="Oldest queued message",
        value=f"due for {row.waits_for}" if row else "none is due",
        note=f"at {row.name}" if row else "Everything has left.",
        link=row.queue if row else "",
    )


def _queued(sight: Sight) -> Waiting:
    count = capped(Message.objects.filter(state=State.QUEUED, **sight.of("label")))
    link = list_of("messages_app.message", sight, state__exact=State.QUEUED)
    return Waiting(
        title="Queued messages",
        value=in_figures(count),
        note="due now or at a later time",
        link=link if count else "",
    )


def _owed(sight: Sight) -> Waiting:
    count = capped(CallbackDelivery.objects.owed().filter(**sight.of("label")))
    link = list_of("callbacks.callbackdelivery", sight, settlement__exact="owed")
    return Waiting(
        title="Owed callbacks",
        value=in_figures(count),
        note="statuses that Smartico is yet to be told",
        link=link if count else "",
    )
