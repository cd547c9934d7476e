"""Errands: relays of one gateway and kind made ready to leave in one call."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.http import HttpCall
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import Provider
from gateways.providers.capabilities import (
    Contact,
    Event,
    KeepsContacts,
    KeepsOptOuts,
    Order,
    TakesEvents,
    TakesOrders,
)
from gateways.values import GatewayValues
from messages_app.models import Relay, RelayKind
from messages_app.relaying.able import fits, takes
from users.models import EndUser
from users.suppressions import suppressed_among

Item = Personal | Contact | Order | Event
"""What an adapter is given for a relay."""


class NotNeeded(Exception):
    """A relay that need not leave any more. The text says why."""


@dataclass(slots=True, kw_only=True, eq=False)
class Errand:
    """What one call tells."""

    gateway: GatewayValues
    provider: Provider
    kind: str
    lease: UUID
    relays: list[Relay]
    items: list[Item] = field(repr=False)

    def call(self) -> HttpCall:
        """The request. Raises a ProviderError where the adapter can make none."""
        return CALLS[self.kind](self.provider, self.items)

    def halves(self) -> list["Errand"]:
        """Two errands of half the relays each; none where there is only one relay."""
        middle = len(self.relays) // 2
        if not middle:
            return []
        return [
            Errand(
                gateway=self.gateway,
                provider=self.provider,
                kind=self.kind,
                lease=self.lease,
                relays=self.relays[part],
                items=self.items[part],
            )
            for part in (slice(None, middle), slice(middle, None))
        ]

    def hidden(self) -> list[Personal]:
        """Whatever in it must not be repeated."""
        return [value for item in self.items for value in _personal(item)]


CALLS: Mapping[str, Callable[[Any, list[Any]], HttpCall]] = {
    RelayKind.EVENT: lambda provider, items: provider.event_call(items[0]),
    RelayKind.ORDER: lambda provider, items: provider.orders_call(items),
    RelayKind.OPT_OUT: lambda provider, items: provider.opt_out_call(items),
    RelayKind.OPT_IN: lambda provider, items: provider.opt_in_call(items),
    RelayKind.CONTACT: lambda provider, items: provider.contacts_call(items),
}


def size_of(provider: Provider, kind: str) -> int:
    """Most relays of the kind that one call of this account tells; 0 where it takes none."""
    if kind == RelayKind.EVENT:
        return 1 if isinstance(provider, TakesEvents) else 0
    if kind == RelayKind.ORDER:
        return provider.order_size if isinstance(provider, TakesOrders) else 0
    if kind == RelayKind.CONTACT:
        return provider.contact_size if isinstance(provider, KeepsContacts) else 0
    return provider.opt_out_size if isinstance(provider, KeepsOptOuts) else 0


class Lookup:
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
        if not fits(self.gateway, user.brand_id, user.properties):
            raise NotNeeded("the user does not fit the gateway any more")
        if contact.email is None and contact.phone is None:
            raise NotNeeded("the user has no address")
        return contact


def made_ready(
    gateway: GatewayValues, provider: Provider, kind: str, lease: UUID, relays: Sequence[Relay]
) -> tuple[list[Errand], dict[str, list[Relay]]]:
    """The errands, and by its reason what need not leave or cannot be read.

    What has been tried before leaves among fewer at each try, so that what a provider chokes on
    does not hold the others up for long.
    """
    lookup, size = Lookup(gateway, kind, relays), size_of(provider, kind)
    ready: defaultdict[int, list[tuple[Relay, Item]]] = defaultdict(list)
    ended: defaultdict[str, list[Relay]] = defaultdict(list)
    for relay in relays:
        try:
            ready[relay.attempts].append((relay, lookup.item(relay)))
        except NotNeeded as reason:
            ended[str(reason)].append(relay)
        except Undecryptable:
            ended["it cannot be decrypted"].append(relay)
    errands = [
        Errand(
            gateway=gateway,
            provider=provider,
            kind=kind,
            lease=lease,
            relays=[relay for relay, _ in together],
            items=[item for _, item in together],
        )
        for attempts, pairs in sorted(ready.items())
        for together in _cut(pairs, max(1, size >> attempts))
    ]
    return errands, ended


def _cut(pairs: list[tuple[Relay, Item]], size: int) -> Iterable[list[tuple[Relay, Item]]]:
    return (pairs[start : start + size] for start in range(0, len(pairs), size))


def _contact(user: EndUser) -> Contact:
    return Contact(
        ext_user_id=user.ext_user_id,
        email=user.address(Channel.EMAIL),
        phone=user.address(Channel.SMS),
        properties=user.properties,
    )


def _personal(item: Item) -> list[Personal]:
    if isinstance(item, Personal):
        return [item]
    contact = item if isinstance(item, Contact) else item.customer
    known = [Personal(contact.ext_user_id), contact.email, contact.phone]
    return [each for each in known if each is not None]
