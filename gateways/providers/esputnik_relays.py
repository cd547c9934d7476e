"""What eSputnik is told beside messages: opt-outs, contacts, orders and events.

Sources: the API questions and answers on esputnik.com ("How to Unsubscribe a Contact", "How to Pass
Orders", "How to Pass Additional Field Values", "How to Use Events"), and the API reference on
docs.yespo.io.

What they leave open is decided so: how many addresses or contacts one call may hold is not said of
the two lists, so a call holds a hundred; whose field the `externalCustomerId` of a contact is in a
list of contacts is not shown, so it stands where it does in a single contact; a number's channel is
written "sms". A 200 may hold an ERROR, in an object or in an array of `results`: it refuses the
call, which is then repeated by halves. A path that an account does not have is no reason to stop
its messages: what was to go there waits.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.personal import Personal
from gateways.providers.answers import is_success, problem_of, unreadable
from gateways.providers.capabilities import (
    Contact,
    ContactField,
    DescribesFields,
    Event,
    KeepsContacts,
    KeepsOptOuts,
    Order,
    TakesEvents,
    TakesOrders,
    TellsAccount,
)
from gateways.providers.errors import GatewayUnavailable, MessageRejected, ProviderError
from gateways.providers.esputnik_account import BY_CUSTOMER_ID, BY_EMAIL
from gateways.providers.esputnik_activities import listed
from gateways.providers.esputnik_orders import order_body
from gateways.providers.esputnik_requests import CONTACT_KEYS, as_text
from gateways.providers.values import identifier

ADDRESSES_PER_CALL = 100
CONTACTS_PER_CALL = 100
ORDERS_PER_CALL = 1000
NO_SUCH_CALL_WAIT = 3600.0
BALANCE = ("currentBalance", "creditLimit", "currency", "bonusEmails", "bonusSmses")


class ESputnikRelays(
    KeepsOptOuts, KeepsContacts, TakesOrders, TakesEvents, DescribesFields, TellsAccount
):
    """The calls of an eSputnik account that send no message."""

    opt_out_size = ADDRESSES_PER_CALL
    contact_size = CONTACTS_PER_CALL
    order_size = ORDERS_PER_CALL
    config: dict[str, Any]

    def get_call(self, path: str) -> HttpCall:
        """A GET of a path below `v1`, with the account's credentials."""
        raise NotImplementedError

    def post_call(
        self, path: str, body: Mapping[str, Any], *, message_id: str | None = None
    ) -> HttpCall:
        """A POST of JSON to a path below `v1`."""
        raise NotImplementedError

    @property
    def pushes_opt_outs(self) -> bool:
        return bool(self.config.get("push_opt_outs"))

    @property
    def keeps_contacts(self) -> bool:
        return bool(self.config.get("keep_contacts"))

    def opt_out_call(self, emails: Sequence[Personal]) -> HttpCall:
        return self.post_call("emails/unsubscribed/add", _emails(emails))

    def opt_in_call(self, emails: Sequence[Personal]) -> HttpCall:
        return self.post_call("emails/unsubscribed/delete", _emails(emails))

    def contacts_call(self, contacts: Sequence[Contact]) -> HttpCall:
        mapping: Mapping[str, str] = self.config.get("contact_fields") or {}
        body: dict[str, Any] = {"contacts": [contact_body(each, mapping) for each in contacts]}
        if mapping:
            body["customFieldsIDs"] = [_field_id(each) for each in mapping.values()]
        return self.post_call("contacts", body)

    def orders_call(self, orders: Sequence[Order]) -> HttpCall:
        return self.post_call("orders", {"orders": [order_body(order) for order in orders]})

    def event_call(self, event: Event) -> HttpCall:
        """What the platform tells may not name another contact than the one it was told of."""
        if any(name in event.params for name in CONTACT_KEYS):
            raise MessageRejected(f"an event's params cannot be called {', '.join(CONTACT_KEYS)}")
        name, value = self._named(event.customer)
        told = {name: value, **event.params}
        params = [{"name": each, "value": as_text(content)} for each, content in told.items()]
        body = {"eventTypeKey": event.type, "keyValue": value, "params": params}
        return self.post_call("event", body, message_id=event.id)

    def fields_call(self) -> HttpCall:
        return self.get_call("addressbooks")

    def fields(self, answer: HttpAnswer) -> list[ContactField]:
        told = _told(answer)
        return [
            _field(item, group)
            for book in _objects(told.get("addressBook"))
            for group in _objects(book.get("fieldGroups"))
            for item in _objects(group.get("fields"))
        ]

    def account_call(self) -> HttpCall:
        return self.get_call("balance")

    def account(self, answer: HttpAnswer) -> dict[str, str]:
        told = _told(answer)
        return {name: value for name in BALANCE if (value := _shown(told.get(name)))}

    def relay_problem(self, answer: HttpAnswer) -> ProviderError | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayUnavailable(
                "HTTP 404: this account does not know the call", retry_after=NO_SUCH_CALL_WAIT
            )
        if not is_success(answer):
            return problem_of(answer)
        return _error_in(read_answer(answer.text))

    def _named(self, customer: Contact) -> tuple[str, str]:
        """The key that names the contact of an event, and its value."""
        key = self.config.get("contact_key") or BY_CUSTOMER_ID
        if key == BY_CUSTOMER_ID:
            return key, customer.ext_user_id
        address = customer.email if key == BY_EMAIL else customer.phone
        if address is None:
            raise MessageRejected(f"the user has no {key}, by which the account names contacts")
        return key, str(address.reveal()).removeprefix("+")


def contact_body(contact: Contact, mapping: Mapping[str, str]) -> dict[str, Any]:
    """A contact with its channels, and the additional fields that the mapping names."""
    channels = []
    if contact.email is not None:
        channels.append({"type": "email", "value": contact.email.reveal()})
    if contact.phone is not None:
        channels.append({"type": "sms", "value": contact.phone.reveal().removeprefix("+")})
    body: dict[str, Any] = {"channels": channels, BY_CUSTOMER_ID: contact.ext_user_id}
    if mapping:
        body["fields"] = [
            {"id": _field_id(field), "value": as_text(contact.properties.get(name, ""))}
            for name, field in mapping.items()
        ]
    return body


def _emails(emails: Sequence[Personal]) -> dict[str, Any]:
    return {"emails": [each.reveal() for each in emails]}


def _field_id(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _error_in(told: object) -> ProviderError | None:
    """The first ERROR in an answer, be it alone or among its results."""
    results = listed(told.get("results")) if isinstance(told, Mapping) else []
    for each in (told, *results):
        if isinstance(each, Mapping) and each.get("status") == "ERROR":
            return MessageRejected(identifier(each.get("message")) or "ERROR without a reason")
    return None


def _told(answer: HttpAnswer) -> Mapping[str, Any]:
    if not is_success(answer):
        raise problem_of(answer)
    told = read_answer(answer.text)
    if not isinstance(told, Mapping):
        raise unreadable(answer)
    return told


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in listed(value) if isinstance(each, Mapping)]


def _field(item: Mapping[str, Any], group: Mapping[str, Any]) -> ContactField:
    described = item.get("description")
    described = described if isinstance(described, Mapping) else {}
    allowed = described.get("allowedValues")
    values = allowed.get("possibleValues") if isinstance(allowed, Mapping) else None
    values = values if isinstance(values, list) else [values] if values else []
    return ContactField(
        id=_shown(item.get("id")),
        name=_shown(item.get("name")),
        group=_shown(group.get("name")),
        type=_shown(described.get("type")),
        choices=tuple(_shown(value) for value in values),
    )


def _shown(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
