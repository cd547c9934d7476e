"""The platform's events, orders, fields and accounts, called as its back end calls them."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways import allowances
from gateways.api.platform.bodies import MOST_ITEMS
from gateways.api.platform.repeats import Turn
from gateways.api.platform.throttle import PlatformThrottle
from gateways.models import KeptAnswer
from messages_app.api.platform import views
from messages_app.models import Relay
from messages_app.relaying import taking
from tests.factories import (
    SECRET,
    BrandFactory,
    EndUserFactory,
    GatewayFactory,
    KeyFactory,
    LabelFactory,
)
from tests.gateways.providers.examples import at
from tests.messages_app.relaying.peer import PLATFORM_SECRET, bodies, relay
from tests.peers import Answer
from users.erasing import erase
from users.models import EndUser

pytestmark = pytest.mark.django_db
EVENTS, ORDERS = "/platform/v1/events", "/platform/v1/orders"
FIELDS, ACCOUNT = "/platform/v1/fields", "/platform/v1/account"
EVENT = {"type": "deposit", "ext_user_id": "u-1", "params": {"amount": 5}}
ORDER = {
    "ext_user_id": "u-1",
    "external_id": "100500",
    "status": "INITIALIZED",
    "total": 1000,
    "currency": "USD",
    "date": "2017-03-08T09:30:00+02:00",
    "items": [{"external_id": "200600", "name": "Super Device", "quantity": 1, "cost": 990}],
}


@pytest.fixture(autouse=True)
def _nothing_cached():
    cache.clear()
    yield
    cache.clear()


def call(method, path, body=None, *, key=PLATFORM_SECRET, **extra):
    headers = {"Authorization": key} if key else {}
    kind = extra.pop("content_type", "application/json")
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    given = {} if method == "get" else {"data": data, "content_type": kind}
    return getattr(Client(), method)(path, headers=headers, **given, **extra)


def post(path, body, **extra):
    return call("post", path, body, **extra)


def error(response) -> tuple[int, str, str]:
    told = response.json()["error"]
    assert told["message"]
    return response.status_code, told["code"], told.get("field", "")


def relays_of(response) -> list[str]:
    assert response.status_code == 202, response.content
    return [each["relay"] for each in response.json()["results"]]


def test_an_event_is_taken_and_told_to_the_provider(peer, gateway, jo):
    (name,) = relays_of(post(EVENTS, EVENT))
    assert str(Relay.objects.get().pk) == name

    relay(gateway)

    assert bodies(peer, "event") == [
        {
            "eventTypeKey": "deposit",
            "keyValue": "u-1",
            "params": [
                {"name": "externalCustomerId", "value": "u-1"},
                {"name": "amount", "value": "5"},
            ],
        }
    ]


def test_an_order_is_told_with_the_addresses_that_we_know(peer, gateway, jo):
    relays_of(post(ORDERS, ORDER))

    relay(gateway)

    (body,) = bodies(peer, "orders")
    assert body == {
        "orders": [
            {
                "externalOrderId": "100500",
                "externalCustomerId": "u-1",
                "email": "jo@mailbox.example",
                "phone": "4915112345678",
                "totalCost": 1000,
                "status": "INITIALIZED",
                "date": "2017-03-08T09:30:00+02:00",
                "currency": "USD",
                "items": [
                    {
                        "externalItemId": "200600",
                        "name": "Super Device",
                        "quantity": 1,
                        "cost": 990,
                    }
                ],
            }
        ]
    }


def test_a_thousand_orders_leave_in_one_call(peer, gateway, jo):
    many = [{**ORDER, "external_id": str(n)} for n in range(MOST_ITEMS)]

    assert len(set(relays_of(post(ORDERS, many)))) == MOST_ITEMS
    relay(gateway)

    (body,) = bodies(peer, "orders")
    assert len(body["orders"]) == MOST_ITEMS


def test_more_than_a_thousand_are_refused(gateway, jo):
    assert error(post(EVENTS, [EVENT] * (MOST_ITEMS + 1))) == (413, "too_many", "")


def test_each_item_of_an_array_is_answered_by_itself(gateway, jo):
    bad = {**EVENT, "ext_user_id": "canary@mailbox.example"}

    response = post(EVENTS, [EVENT, bad, {**EVENT, "email": "canary@mailbox.example"}, 7])

    assert response.status_code == 202
    first, second, third, fourth = response.json()["results"]
    assert set(first) == {"relay"}
    assert (second["error"]["code"], second["error"]["field"]) == ("unknown_user", "ext_user_id")
    assert (third["error"]["code"], third["error"]["field"]) == ("invalid", "email")
    assert fourth["error"]["code"] == "invalid"
    assert "canary" not in response.content.decode()


def test_the_same_event_twice_is_one_relay(peer, gateway, jo):
    named = {**EVENT, "id": "deposit-1"}

    assert len(set(relays_of(post(EVENTS, [named, named])) + relays_of(post(EVENTS, named)))) == 1
    relay(gateway)
    relays_of(post(EVENTS, named))
    relay(gateway)

    assert len(bodies(peer, "event")) == 1


def test_an_event_without_an_id_is_another_each_time(gateway, jo):
    assert len(set(relays_of(post(EVENTS, [EVENT, EVENT])))) == 2


def killed(*args: object, **kwargs: object) -> None:
    """As the process is, before it can answer."""
    raise SystemExit


def out_of_order(*args: object, **kwargs: object) -> None:
    raise OperationalError


def test_a_request_that_was_killed_before_its_answer_was_kept_tells_no_event_twice(
    peer, gateway, jo, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(Turn, "keep", killed)
        with pytest.raises(SystemExit):
            post(EVENTS, [EVENT, EVENT], HTTP_IDEMPOTENCY_KEY="one")
    relay(gateway)
    KeptAnswer.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    again = post(EVENTS, [EVENT, EVENT], HTTP_IDEMPOTENCY_KEY="one")
    relay(gateway)

    assert "Idempotency-Replayed" not in again
    assert set(relays_of(again)) == {str(pk) for pk in Relay.objects.values_list("pk", flat=True)}
    assert len(bodies(peer, "event")) == 2


def test_a_request_that_was_answered_with_our_trouble_after_its_deed_tells_no_event_twice(
    gateway, jo, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(views, "_answer", out_of_order)
        assert post(EVENTS, EVENT, HTTP_IDEMPOTENCY_KEY="one").status_code == 503

    (name,) = relays_of(post(EVENTS, EVENT, HTTP_IDEMPOTENCY_KEY="one"))
    (other,) = relays_of(post(EVENTS, EVENT, HTTP_IDEMPOTENCY_KEY="two"))

    known = [str(pk) for pk in Relay.objects.order_by("pk").values_list("pk", flat=True)]
    assert known == [name, other]


def test_another_content_under_the_same_id_is_refused(gateway, jo):
    relays_of(post(EVENTS, {**EVENT, "id": "1"}))

    other = post(EVENTS, {**EVENT, "id": "1", "params": {"amount": 6}})

    assert error(other) == (409, "repeated", "id")


def test_an_order_told_again_is_one_relay_and_one_that_changed_another(peer, gateway, jo):
    delivered = {**ORDER, "status": "DELIVERED"}
    relays_of(post(ORDERS, [ORDER, delivered]))
    relays_of(post(ORDERS, ORDER))

    relay(gateway)

    told = [each["orders"][0]["status"] for each in bodies(peer, "orders")]
    assert told == ["INITIALIZED", "DELIVERED"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "canary@mailbox.example"}, "email"),
        ({"phone": "+4915100000000"}, "phone"),
        ({"status": "PAID"}, "status"),
        ({"total": "1000"}, "total"),
        ({"total": True}, "total"),
        ({"currency": 5}, "currency"),
        ({"date": "yesterday"}, "date"),
        ({"date": "2017-03-08T09:30:00"}, "date"),
        ({"items": {}}, "items"),
        ({"items": [{"cost": "5"}]}, "items[0].cost"),
        ({"items": [{"colour": "red"}]}, "items[0]"),
        ({"first_name": "\x00"}, "first_name"),
        ({"delivery_address": "x" * 256}, "delivery_address"),
        ({"ext_user_id": None}, "ext_user_id"),
        ({"external_id": ""}, "external_id"),
        ({"colour": "red"}, ""),
    ],
)
def test_an_order_that_cannot_be_told_is_refused_with_its_field(gateway, jo, change, field):
    response = post(ORDERS, {**ORDER, **change})

    assert error(response) == (422, "invalid", field)
    assert "canary" not in response.content.decode()
    assert not Relay.objects.exists()


@pytest.mark.parametrize("name", ["external_id", "status", "total", "currency", "date"])
def test_an_order_says_everything_that_is_needed(gateway, jo, name):
    order = {key: value for key, value in ORDER.items() if key != name}
    assert error(post(ORDERS, order)) == (422, "invalid", name)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": ""}, "type"),
        ({"type": 7}, "type"),
        ({"params": []}, "params"),
        ({"params": {"email": "canary@mailbox.example"}}, "params.email"),
        ({"id": 7}, "id"),
        ({"params": {"text": "x" * 70_000}}, ""),
    ],
)
def test_an_event_that_cannot_be_told_is_refused_with_its_field(gateway, jo, change, field):
    assert error(post(EVENTS, {**EVENT, **change})) == (422, "invalid", field)


def test_a_user_nobody_knows_or_of_another_brand_or_label_is_not_found(gateway, jo):
    elsewhere = EndUserFactory(label=LabelFactory())
    brand = BrandFactory(label=gateway.label)
    KeyFactory(label=gateway.label, brand=brand, kind=KeyKind.PLATFORM, secret="of-the-brand")
    expected = (404, "unknown_user", "ext_user_id")

    assert error(post(EVENTS, {**EVENT, "ext_user_id": "nobody"})) == expected
    assert error(post(EVENTS, {**EVENT, "ext_user_id": elsewhere.ext_user_id})) == expected
    assert error(post(EVENTS, EVENT, key="of-the-brand")) == expected


def test_nothing_is_taken_for_a_user_whose_properties_do_not_open(gateway, jo, caplog):
    EndUser.objects.update(sealed_properties=Ciphertext("t1$damaged"))

    assert error(post(EVENTS, EVENT)) == (503, "unavailable", "")

    assert not Relay.objects.exists()
    assert f"the properties of end user {jo.pk} cannot be decrypted" in caplog.text


def test_an_item_that_is_to_come_again_is_taken_when_the_request_does(gateway, jo):
    kept = EndUser.objects.values_list("sealed_properties", flat=True).get()
    EndUser.objects.update(sealed_properties=Ciphertext("t1$damaged"))
    refused = post(EVENTS, [EVENT], HTTP_IDEMPOTENCY_KEY="one")
    assert [each["error"]["code"] for each in refused.json()["results"]] == ["unavailable"]
    EndUser.objects.update(sealed_properties=kept)
    assert len(relays_of(post(EVENTS, [EVENT], HTTP_IDEMPOTENCY_KEY="one"))) == 1


def test_an_event_goes_to_the_named_gateway_else_to_the_users_brands_own(peer, gateway):
    brand = BrandFactory(label=gateway.label)
    own = GatewayFactory(
        label=gateway.label,
        brand=brand,
        channel=Channel.SMS,
        provider="esputnik",
        config=at("esputnik", peer.url),
    )
    GatewayFactory(label=gateway.label, slug="sandbox")
    EndUserFactory(label=gateway.label, brand=brand, ext_user_id="u-1")

    relays_of(post(EVENTS, [EVENT, {**EVENT, "gateway": "yespo"}]))

    assert list(Relay.objects.order_by("pk").values_list("gateway", flat=True)) == [
        *(own.pk, gateway.pk)
    ]
    for unable in ("sandbox", "nothing"):
        expected = (422, "no_gateway", "gateway")
        assert error(post(EVENTS, {**EVENT, "gateway": unable})) == expected


@pytest.mark.parametrize("path", [EVENTS, ORDERS])
def test_a_caller_without_a_platform_key_is_not_authorised(gateway, path):
    KeyFactory(label=gateway.label, kind=KeyKind.SMARTICO, secret=SECRET)

    for key in ("", "wrong", SECRET):
        response = post(path, EVENT, key=key)
        assert error(response) == (401, "not_authorised", "")
        assert response["WWW-Authenticate"] == "Bearer"


def test_the_key_may_be_a_bearer_token_and_the_path_may_end_in_a_slash(gateway, jo):
    assert post(EVENTS, EVENT, key=f"Bearer {PLATFORM_SECRET}").status_code == 202
    assert post(f"{EVENTS}/", EVENT).status_code == 202
    assert post(f"{ORDERS}/", ORDER).status_code == 202
    assert not post(f"{ORDERS}/", ORDER).cookies


def test_a_caller_from_elsewhere_is_not_allowed(gateway, jo):
    gateway.label.allowed_ips = ["203.0.113.0/24"]
    gateway.label.save()

    assert error(post(EVENTS, EVENT)) == (403, "not_allowed", "")
    assert post(EVENTS, EVENT, REMOTE_ADDR="203.0.113.9").status_code == 202


@pytest.mark.parametrize("body", [" ", "{", '{"a": 1, "a": 2}', b"\xff", "[NaN]"])
def test_what_is_no_json_is_refused(gateway, body):
    assert error(post(EVENTS, body)) == (400, "not_json", "")


def test_another_content_type_or_method_or_a_large_body_is_refused(gateway, settings):
    assert error(post(EVENTS, "a=b", content_type="text/plain")) == (415, "not_json", "")
    assert error(call("get", EVENTS)) == (405, "no_such_method", "")
    settings.BODY_LIMIT = 10
    assert error(post(EVENTS, EVENT)) == (413, "too_large", "")


def test_who_calls_too_often_is_told_to_wait(gateway, jo, monkeypatch):
    monkeypatch.setattr(PlatformThrottle, "requests", 2)
    monkeypatch.setattr(allowances, "clock", lambda: "1772970000000000")
    assert [post(EVENTS, EVENT).status_code for _ in range(2)] == [202, 202]

    response = post(EVENTS, EVENT)

    assert error(response) == (429, "too_many_requests", "")
    assert response["Retry-After"] == "1"
    assert response["RateLimit"] == '"platform";r=0;t=1'
    assert response["RateLimit-Policy"] == '"platform";q=2;w=1'


def test_the_field_catalogue_is_asked_for_once_in_a_while(answers, peer, gateway):
    answers.instead = Answer(
        200,
        {
            "addressBook": {
                "fieldGroups": {
                    "name": "Personal",
                    "fields": [{"id": "15867", "name": "Birth", "description": {"type": "date"}}],
                }
            }
        },
    )
    expected = {
        "gateways": [
            {
                "gateway": "yespo",
                "provider": "esputnik",
                "fields": [
                    {
                        "id": "15867",
                        "name": "Birth",
                        "group": "Personal",
                        "type": "date",
                        "choices": [],
                    }
                ],
            }
        ]
    }

    assert call("get", FIELDS).json() == expected
    assert call("get", f"{FIELDS}/").json() == expected
    assert len(peer.asked) == 1
    gateway.config = {**gateway.config.reveal(), "api_key": "another"}
    gateway.save()
    assert call("get", FIELDS).json() == expected
    assert len(peer.asked) == 2


def test_an_account_is_told_without_its_secrets(answers, gateway):
    GatewayFactory(label=gateway.label)
    answers.instead = Answer(200, {"currentBalance": "0.5", "currency": "UAH", "key": "secret"})

    assert call("get", ACCOUNT).json() == {
        "gateways": [
            {
                "gateway": "yespo",
                "provider": "esputnik",
                "is_paused": False,
                "account": {"currentBalance": "0.5", "currency": "UAH"},
            }
        ]
    }


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        (Answer(401, "no, canary"), "misconfigured"),
        (Answer(503, "no, canary"), "unavailable"),
        (Answer(400, "no, canary"), "rejected"),
        (Answer(200, "canary"), "unavailable"),
        (Answer(hang_up=True), "unavailable"),
    ],
)
@pytest.mark.parametrize("path", [FIELDS, ACCOUNT])
def test_a_provider_that_does_not_tell_is_named_without_its_words(
    answers, gateway, path, instead, code
):
    answers.instead = instead

    response = call("get", path)

    (told,) = response.json()["gateways"]
    assert told["error"]["code"] == code
    assert "canary" not in response.content.decode()


def test_what_is_asked_of_providers_needs_a_key_too(gateway):
    assert error(call("get", FIELDS, key="")) == (401, "not_authorised", "")
    assert error(call("get", ACCOUNT, key="")) == (401, "not_authorised", "")


@pytest.mark.django_db(transaction=True)
def test_a_user_who_is_erased_meanwhile_is_not_found(gateway, jo, monkeypatch):
    erase([jo], "a test")
    look_up, seen_before = taking._users, [{"u-1": jo}]
    monkeypatch.setattr(
        taking, "_users", lambda *asked: seen_before.pop() if seen_before else look_up(*asked)
    )

    assert error(post(EVENTS, EVENT)) == (404, "unknown_user", "ext_user_id")
    assert seen_before == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_event_told_by_many_at_once_is_one_relay(gateway, jo):
    found: list[str] = []

    def tell() -> None:
        try:
            found.extend(relays_of(post(EVENTS, {**EVENT, "id": "deposit-1"})))
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(found) == 8
    assert len(set(found)) == 1
    assert Relay.objects.count() == 1
