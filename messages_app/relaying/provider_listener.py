"""A gateway's provider as one who is told: opt-outs, contacts, orders and events."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import Provider, ProviderError
from gateways.providers.capabilities import (
    Contact,
    Event,
    KeepsContacts,
    KeepsOptOuts,
    Order,
    TakesEvents,
    TakesOrders,
    TakesRelays,
)
from gateways.providers.registry import secret_values
from gateways.values import GatewayValues
from messages_app.models import Relay, RelayKind
from messages_app.pausing import pause
from messages_app.relaying.able import fits, relay_adapter, takes
from messages_app.relaying.listener import NotNeeded
from messages_app.relaying.losses import may_repeat
from users.models import EndUser
from users.suppressions import suppressed_among

Item = Personal | Contact | Order | Event
"""What an adapter is given for a relay."""

CALLS: Mapping[str, Callable[[Any, Sequence[Any]], HttpCall]] = {
    RelayKind.EVENT: lambda provider, items: provider.event_call(items[0]),
    RelayKind.ORDER: lambda provider, items: provider.orders_call(items),
    RelayKind.OPT_OUT: lambda provider, items: provider.opt_out_call(items),
    RelayKind.OPT_IN: lambda provider, items: provider.opt_in_call(items),
    RelayKind.CONTACT: lambda provider, items: provider.contacts_call(items),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderListener:
    """A gateway, and its provider as its configuration makes it."""

    gateway: GatewayValues
    provider: Provider

    @property
    def key(self) -> str:
        return str(self.gateway.id)

    def relays(self) -> "QuerySet[Relay]":
        return Relay.objects.filter(gateway=self.gateway.id)

    def size(self, kind: str) -> int:
        provider = self.provider
        if kind == RelayKind.EVENT:
            return 1 if isinstance(provider, TakesEvents) else 0
        if kind == RelayKind.ORDER:
            return provider.order_size if isinstance(provider, TakesOrders) else 0
        if kind == RelayKind.CONTACT:
            return provider.contact_size if isinstance(provider, KeepsContacts) else 0
        return provider.opt_out_size if isinstance(provider, KeepsOptOuts) else 0

    def may_repeat(self, kind: str) -> bool:
        return may_repeat(self.gateway, kind)

    def lookup(self, kind: str, relays: Sequence[Relay]) -> Callable[[Relay], Item]:
        return _Lookup(self.gateway, kind, relays).item

    def call(self, kind: str, relays: Sequence[Relay], items: Sequence[Any]) -> HttpCall:
        return CALLS[kind](self.provider, items)

    def problem(self, answer: HttpAnswer) -> ProviderError | None:
        provider = self.provider
        return provider.relay_problem(answer) if isinstance(provider, TakesRelays) else None

    def secrets(self) -> Iterable[Personal]:
        return secret_values(self.provider)

    def stop(self, because: str) -> None:
        pause({self.gateway.id: because})


def provider_listener(gateway: GatewayValues) -> ProviderListener | None:
    """None where the provider takes no relays, or may not be told at this moment."""
    if not gateway.is_active or gateway.is_paused:
        return None
    adapter = relay_adapter(gateway)
    if not isinstance(adapter, TakesRelays):
        return None
    return ProviderListener(gateway=gateway, provider=adapter)


class _Lookup:
    """Looks up at this moment what relays of one gateway and kind are about."""

    def __init__(self, gateway: GatewayValues, kind: str, relays: Sequence[Relay]) -> None:
        self.gateway, self.kind = gateway, kind
        self.users = EndUser.objects.in_bulk({relay.end_user_id for relay in relays} - {None})
        self.owners: dict[str, EndUser] = {}
        self.suppressed: set[str] = set()
        if kind in (RelayKind.OPT_OUT, RelayKind.OPT_IN):
            indexes = {relay.subject for relay in relays}
            owners = EndUser.objects.filter(label=gateway.label_id, email_index__in=indexes)
            self.owners = {user.email_index or "": user for user in owners}
            self.suppressed = suppressed_among(gateway.label_id, Channel.EMAIL, indexes)

    def item(self, relay: Relay) -> Item:
        """Raises NotNeeded, or Undecryptable."""
        if not takes(self.gateway, self.kind):
            raise NotNeeded("the gateway does not take it any more")
        if self.kind in (RelayKind.OPT_OUT, RelayKind.OPT_IN):
            return self._address(relay)
        user = None if relay.end_user_id is None else self.users.get(relay.end_user_id)
        if user is None:
            raise NotNeeded("the user was erased")
        contact = _contact(user)
        if self.kind == RelayKind.CONTACT:
            return self._checked(user, contact)
        content = relay.payload.reveal()
        if self.kind == RelayKind.ORDER:
            return Order(customer=contact, content=content)
        return Event(
            id=str(relay.pk), customer=contact, type=content["type"], params=content["params"]
        )

    def _address(self, relay: Relay) -> Personal:
        if (relay.subject in self.suppressed) != (self.kind == RelayKind.OPT_OUT):
            raise NotNeeded("the opposite was said since")
        owner = self.owners.get(relay.subject)
        address = relay.address if owner is None else owner.address(Channel.EMAIL)
        if address is None:
            raise NotNeeded("nobody has this address any more")
        return Personal(address.reveal())

    def _checked(self, user: EndUser, contact: Contact) -> Contact:
        if not fits(self.gateway, user.brand_id, contact.properties):
            raise NotNeeded("the user does not fit the gateway any more")
        if contact.email is None and contact.phone is None:
            raise NotNeeded("the user has no address")
        return contact


def _contact(user: EndUser) -> Contact:
    return Contact(
        ext_user_id=user.ext_user_id,
        email=user.address(Channel.EMAIL),
        phone=user.address(Channel.SMS),
        properties=user.opened_properties(),
    )
