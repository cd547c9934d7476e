"""Which gateways take relays of a kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway_project.lib.crypto import Undecryptable
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import Provider
from gateways.providers.capabilities import (
    KeepsContacts,
    KeepsOptOuts,
    TakesEvents,
    TakesOrders,
    TakesRelays,
)
from gateways.routing import route
from gateways.values import GatewayValues
from messages_app.models import RelayKind

CAPABILITIES: Mapping[str, type[TakesRelays]] = {
    RelayKind.EVENT: TakesEvents,
    RelayKind.ORDER: TakesOrders,
    RelayKind.OPT_OUT: KeepsOptOuts,
    RelayKind.OPT_IN: KeepsOptOuts,
    RelayKind.CONTACT: KeepsContacts,
}


def takes(gateway: GatewayValues, kind: str) -> bool:
    """Whether its provider takes this kind at all, and the operator has switched it on where it is
    a switch."""
    adapter = relay_adapter(gateway)
    if not isinstance(adapter, CAPABILITIES[kind]):
        return False
    if isinstance(adapter, KeepsOptOuts) and kind in (RelayKind.OPT_OUT, RelayKind.OPT_IN):
        return adapter.pushes_opt_outs
    if isinstance(adapter, KeepsContacts) and kind == RelayKind.CONTACT:
        return adapter.keeps_contacts
    return True


def gateways_that_take(label_id: int, kind: str) -> list[GatewayValues]:
    """The label's active gateways that do, by id."""
    label = configuration.current().labels.get(label_id)
    return [each for each in label.gateways if takes(each, kind)] if label else []


def relay_adapter(gateway: GatewayValues) -> Provider | None:
    """The gateway's adapter; None where its configuration cannot be read."""
    try:
        return adapter_of(gateway)
    except (Undecryptable, LookupError):
        return None


def fits(gateway: GatewayValues, brand_id: int | None, properties: Mapping[str, Any]) -> bool:
    """Whether a message to such a user could be routed there: their brand, and all filters."""
    return bool(preferred_of([gateway], brand_id, properties))


def preferred_of(
    gateways: Iterable[GatewayValues], brand_id: int | None, properties: Mapping[str, Any]
) -> GatewayValues | None:
    """The best of them for such a user, whatever its channel: a brand's own, then the lower id."""
    found = [
        gateway
        for each in gateways
        for gateway in route(
            [each], channel=each.channel, brand_id=brand_id, properties=properties
        ).fits
    ]
    return min(found, key=lambda each: (each.brand_id is None, each.id), default=None)
