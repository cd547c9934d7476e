"""What eSputnik is told beside messages, call by call."""

import json

import pytest

from gateway_project.lib.http import HttpAnswer
from gateway_project.lib.personal import Personal
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
)
from gateways.providers.capabilities import Contact, ContactField, Event, Order
from gateways.providers.registry import validate_config
from tests.gateways.providers.canaries import EMAIL, PHONE
from tests.gateways.providers.examples import CONFIGS, account

BASE = "https://api.yespo.io/api/v1"
JO = Contact(
    ext_user_id="u-1",
    email=Personal(EMAIL),
    phone=Personal(PHONE),
    properties={"country": "DE", "level": 3},
)
ORDER = {
    "external_id": "100500",
    "total": 1000,
    "status": "INITIALIZED",
    "date": "2017-03-08T09:30:00+02:00",
    "currency": "USD",
    "delivery_method": "express",
    "items": [
        {"external_id": "200600", "name": "Super Device", "image_url": "https://x.example/i"}
    ],
}
CATALOGUE = {
    "addressBook": {
        "addressBookId": "7200",
        "name": "Main",
        "fieldGroups": {
            "name": "Personal",
            "fields": [
                {"id": "15867", "name": "Date of birth", "description": {"type": "date"}},
                {
                    "id": "15868",
                    "name": "Gender",
                    "description": {
                        "type": "combobox",
                        "allowedValues": {"possibleValues": ["M", "F"]},
                    },
                },
            ],
        },
    }
}


def answer(body: object = b"", status: int = 200) -> HttpAnswer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status=status, body=data)


def told(call) -> tuple[str, str, object]:
    return call.method, call.url.removeprefix(BASE), json.loads(call.body) if call.body else None


def test_opt_outs_are_put_on_the_list_and_taken_off_it():
    provider = account("esputnik")

    assert told(provider.opt_out_call([Personal(EMAIL)])) == (
        "POST",
        "/emails/unsubscribed/add",
        {"emails": [EMAIL]},
    )
    assert told(provider.opt_in_call([Personal(EMAIL)])) == (
        "POST",
        "/emails/unsubscribed/delete",
        {"emails": [EMAIL]},
    )


def test_a_contact_has_its_channels_its_id_and_the_mapped_fields():
    nobody = Contact(ext_user_id="u-2", phone=Personal(PHONE))
    provider = account("esputnik", contact_fields={"country": "15869", "level": "vip"})

    assert told(provider.contacts_call([JO, nobody])) == (
        "POST",
        "/contacts",
        {
            "contacts": [
                {
                    "channels": [
                        {"type": "email", "value": EMAIL},
                        {"type": "sms", "value": PHONE.lstrip("+")},
                    ],
                    "externalCustomerId": "u-1",
                    "fields": [{"id": 15869, "value": "DE"}, {"id": "vip", "value": "3"}],
                },
                {
                    "channels": [{"type": "sms", "value": PHONE.lstrip("+")}],
                    "externalCustomerId": "u-2",
                    "fields": [{"id": 15869, "value": ""}, {"id": "vip", "value": ""}],
                },
            ],
            "customFieldsIDs": [15869, "vip"],
        },
    )


def test_without_a_mapping_a_contact_has_no_fields():
    _, _, body = told(account("esputnik", contact_fields=None).contacts_call([JO]))

    assert set(body) == {"contacts"}
    assert set(body["contacts"][0]) == {"channels", "externalCustomerId"}


def test_an_order_gets_the_addresses_of_its_customer():
    call = account("esputnik").orders_call([Order(customer=JO, content=ORDER)])

    assert told(call) == (
        "POST",
        "/orders",
        {
            "orders": [
                {
                    "externalOrderId": "100500",
                    "totalCost": 1000,
                    "status": "INITIALIZED",
                    "date": "2017-03-08T09:30:00+02:00",
                    "currency": "USD",
                    "deliveryMethod": "express",
                    "externalCustomerId": "u-1",
                    "email": EMAIL,
                    "phone": PHONE.lstrip("+"),
                    "items": [
                        {
                            "externalItemId": "200600",
                            "name": "Super Device",
                            "imageUrl": "https://x.example/i",
                        }
                    ],
                }
            ]
        },
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("externalCustomerId", "u-1"), ("email", EMAIL), ("phone", PHONE.lstrip("+"))],
)
def test_an_event_names_its_contact_by_the_key_of_the_account(key, value):
    event = Event(id="relay-1", customer=JO, type="deposit", params={"amount": 5, "code": "A"})
    call = account("esputnik", contact_key=key).event_call(event)

    assert told(call) == (
        "POST",
        "/event",
        {
            "eventTypeKey": "deposit",
            "keyValue": value,
            "params": [
                {"name": key, "value": value},
                {"name": "amount", "value": "5"},
                {"name": "code", "value": "A"},
            ],
        },
    )
    assert call.headers["X-Gatehouse-Message-Id"] == "relay-1"


def test_an_event_that_names_another_contact_is_refused():
    event = Event(id="r", customer=JO, type="deposit", params={"contactId": 7})
    with pytest.raises(MessageRejected):
        account("esputnik").event_call(event)


def test_an_event_of_a_user_without_the_address_that_names_contacts_is_refused():
    event = Event(id="r", customer=Contact(ext_user_id="u-2"), type="deposit")
    with pytest.raises(MessageRejected):
        account("esputnik", contact_key="email").event_call(event)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        {"asyncSessionId": "x"},
        {"results": {"status": "OK"}},
        {"results": [{"status": "OK"}, {"status": "OK"}]},
        [],
    ],
)
def test_a_yes_is_known_in_whatever_shape(body):
    assert account("esputnik").relay_problem(answer(body)) is None


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ERROR", "message": "no such field"},
        {"results": {"status": "ERROR", "message": "no such field"}},
        {"results": [{"status": "OK"}, {"status": "ERROR", "message": "no such field"}]},
    ],
)
def test_an_error_inside_a_200_refuses_the_call(body):
    problem = account("esputnik").relay_problem(answer(body))

    assert isinstance(problem, MessageRejected)
    assert problem.detail == "no such field"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, MessageRejected),
        (401, GatewayMisconfigured),
        (404, GatewayUnavailable),
        (429, GatewayUnavailable),
        (503, GatewayUnavailable),
        (504, OutcomeUnknown),
    ],
)
def test_what_another_status_means(status, kind):
    assert isinstance(account("esputnik").relay_problem(answer(b"no", status)), kind)


def test_the_field_catalogue_is_read_in_every_shape():
    provider = account("esputnik")
    book = CATALOGUE["addressBook"]
    in_arrays = {"addressBook": [{**book, "fieldGroups": [book["fieldGroups"]]}]}
    expected = [
        ContactField(id="15867", name="Date of birth", group="Personal", type="date"),
        ContactField(
            id="15868", name="Gender", group="Personal", type="combobox", choices=("M", "F")
        ),
    ]

    assert told(provider.fields_call()) == ("GET", "/addressbooks", None)
    assert provider.fields(answer(CATALOGUE)) == expected
    assert provider.fields(answer(in_arrays)) == expected
    assert provider.fields(answer({"addressBook": ["?"]})) == []


def test_the_account_tells_its_balance_and_nothing_else():
    provider = account("esputnik")
    body = {"currentBalance": "0.5", "currency": "UAH", "bonusSmses": 10, "apiKey": "secret"}

    assert told(provider.account_call()) == ("GET", "/balance", None)
    assert provider.account(answer(body)) == {
        "currentBalance": "0.5",
        "currency": "UAH",
        "bonusSmses": "10",
    }


@pytest.mark.parametrize("bad", [answer(b"no"), answer(b"{}", 401)])
def test_what_cannot_be_read_is_a_problem(bad):
    for read in (account("esputnik").fields, account("esputnik").account):
        with pytest.raises(ProviderError):
            read(bad)


def test_the_switches_are_off_unless_they_are_set():
    config = {"base_url": "https://api.yespo.io/api", "api_key": "k"}
    provider = account("esputnik", push_opt_outs=None, keep_contacts=None)

    assert (provider.pushes_opt_outs, provider.keeps_contacts) == (False, False)
    assert "contact_fields" not in validate_config(type(provider), config)


def test_additional_fields_are_kept_as_text():
    kept = validate_config(
        type(account("esputnik")), {**CONFIGS["esputnik"], "contact_fields": {"country": 15869}}
    )
    assert kept["contact_fields"] == {"country": "15869"}
