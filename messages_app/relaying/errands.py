"""Errands: relays of one listener and kind made ready to leave in one call."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What came of making relays ready. `shut` are errands of nothing: no key opens what they are
    about. `not_needed` is what need not leave any more, by the reason."""

    errands: Sequence[Errand]
    shut: Sequence[Errand]
    not_needed: Mapping[str, Sequence[Relay]]


def made_ready(listener: Listener, kind: str, lease: UUID, relays: Sequence[Relay]) -> Ready:
    """Looks up what the relays are about, and puts them together.

    What has been tried before leaves among fewer at each try, so that what a listener chokes on
    does not hold the others up for long.
    """
    item_of, size = listener.lookup(kind, relays), listener.size(kind)
    open_ones: defaultdict[int, list[tuple[Relay, Any]]] = defaultdict(list)
    shut: defaultdict[int, list[Relay]] = defaultdict(list)
    not_needed: defaultdict[str, list[Relay]] = defaultdict(list)
    for relay in relays:
        try:
            open_ones[relay.attempts].append((relay, item_of(relay)))
        except NotNeeded as reason:
            not_needed[str(reason)].append(relay)
        except Undecryptable:
            shut[relay.attempts].append(relay)
    errand = partial(Errand, listener=listener, kind=kind, lease=lease)
    return Ready(
        errands=[
            errand(relays=[relay for relay, _ in pairs], items=[item for _, item in pairs])
            for attempts, alike in sorted(open_ones.items())
            for pairs in _cut(alike, max(1, size >> attempts))
        ],
        shut=[errand(relays=alike, items=[]) for alike in shut.values()],
        not_needed=not_needed,
    )


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
