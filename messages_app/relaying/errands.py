"""Errands: relays of one listener and kind made ready to leave in one call."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.http import HttpCall
from gateway_project.lib.personal import Personal
from gateways.providers.capabilities import Contact
from messages_app.models import Relay
from messages_app.relaying.listener import Listener, NotNeeded
from messages_app.relaying.notices import Notice


@dataclass(slots=True, kw_only=True, eq=False)
class Errand:
    """What one call tells."""

    listener: Listener
    kind: str
    lease: UUID
    relays: list[Relay]
    items: list[Any] = field(repr=False)

    def call(self) -> HttpCall:
        """The request. Raises a ProviderError where none can be made."""
        return self.listener.call(self.kind, self.relays, self.items)

    def halves(self) -> list["Errand"]:
        """Two errands of half the relays each; none where there is only one relay."""
        middle = len(self.relays) // 2
        if not middle:
            return []
        return [
            Errand(
                listener=self.listener,
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


def made_ready(
    listener: Listener, kind: str, lease: UUID, relays: Sequence[Relay]
) -> tuple[list[Errand], dict[str, list[Relay]]]:
    """The errands, and by its reason what need not leave or cannot be read.

    What has been tried before leaves among fewer at each try, so that what a listener chokes on
    does not hold the others up for long.
    """
    item_of, size = listener.lookup(kind, relays), listener.size(kind)
    ready: defaultdict[int, list[tuple[Relay, Any]]] = defaultdict(list)
    ended: defaultdict[str, list[Relay]] = defaultdict(list)
    for relay in relays:
        try:
            ready[relay.attempts].append((relay, item_of(relay)))
        except NotNeeded as reason:
            ended[str(reason)].append(relay)
        except Undecryptable:
            ended["it cannot be decrypted"].append(relay)
    errands = [
        Errand(
            listener=listener,
            kind=kind,
            lease=lease,
            relays=[relay for relay, _ in together],
            items=[item for _, item in together],
        )
        for attempts, pairs in sorted(ready.items())
        for together in _cut(pairs, max(1, size >> attempts))
    ]
    return errands, ended


def _cut(pairs: list[tuple[Relay, Any]], size: int) -> Iterable[list[tuple[Relay, Any]]]:
    return (pairs[start : start + size] for start in range(0, len(pairs), size))


def _personal(item: Any) -> list[Personal]:
    if isinstance(item, Personal):
        return [item]
    if isinstance(item, Notice):
        return [*item.addresses, *map(Personal, item.ext_user_ids)]
    contact = item if isinstance(item, Contact) else item.customer
    known = [Personal(contact.ext_user_id), contact.email, contact.phone]
    return [each for each in known if each is not None]
