"""What only some providers can do beside sending: one small mix-in each, pure like `HttpProvider`.

The engine does the calling, repeats what was not taken, and halves what was refused as a whole:
all of it may come twice, but for events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.personal import Personal
from gateways.providers.answers import is_success, problem_of
from gateways.providers.errors import ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person at this moment: e-mail address and E.164 number, where there are any."""

    ext_user_id: str = field(repr=False)
    email: Personal | None = field(default=None, repr=False)
    phone: Personal | None = field(default=None, repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of that person. `content` is as the platform told it, without any address."""

    customer: Contact
    content: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to that person. `id` is ours."""

    id: str
    customer: Contact
    type: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactField:
    """A field that contacts have at the provider. `choices` are its values, where it says them."""

    id: str
    name: str
    group: str = ""
    type: str = ""
    choices: tuple[str, ...] = ()


class TakesRelays:
    """Takes more than messages."""

    def relay_problem(self, answer: HttpAnswer) -> ProviderError | None:
        """Why the whole of a call was not taken; None where it was."""
        return None if is_success(answer) else problem_of(answer)


class KeepsOptOuts(TakesRelays):
    """Keeps a list of e-mail addresses that are not written to."""

    opt_out_size: int = 1
    """Most addresses in one call."""

    @property
    def pushes_opt_outs(self) -> bool:
        """Whether this account is to be told of ours."""
        raise NotImplementedError

    def opt_out_call(self, emails: Sequence[Personal]) -> HttpCall:
        """Puts these addresses on the list."""
        raise NotImplementedError

    def opt_in_call(self, emails: Sequence[Personal]) -> HttpCall:
        """Takes them off again."""
        raise NotImplementedError


class KeepsContacts(TakesRelays):
    """Keeps the people themselves."""

    contact_size: int = 1
    """Most contacts in one call."""

    @property
    def keeps_contacts(self) -> bool:
        """Whether this account is to be told of new and changed users."""
        raise NotImplementedError

    def contacts_call(self, contacts: Sequence[Contact]) -> HttpCall:
        """Makes or changes these contacts, each of whom has an address."""
        raise NotImplementedError


class TakesOrders(TakesRelays):
    """Takes the orders of contacts."""

    order_size: int = 1
    """Most orders in one call."""

    def orders_call(self, orders: Sequence[Order]) -> HttpCall:
        """Makes or changes these orders."""
        raise NotImplementedError


class TakesEvents(TakesRelays):
    """Takes events, which start what is set up over there. One that comes twice starts it twice."""

    def event_call(self, event: Event) -> HttpCall:
        """Tells one event. Raises MessageRejected where it cannot be told."""
        raise NotImplementedError


class DescribesFields:
    """Can say which fields its contacts have."""

    def fields_call(self) -> HttpCall:
        """Asks for them."""
        raise NotImplementedError

    def fields(self, answer: HttpAnswer) -> list[ContactField]:
        """The fields in the answer. Raises a ProviderError where nothing can be learnt from it."""
        raise NotImplementedError


class TellsAccount:
    """Can say what is left to send with."""

    def account_call(self) -> HttpCall:
        """Asks for it."""
        raise NotImplementedError

    def account(self, answer: HttpAnswer) -> dict[str, str]:
        """Names and values, none of them a secret. Raises a ProviderError as `fields` does."""
        raise NotImplementedError
