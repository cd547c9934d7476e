"""No personal data leaves: one scenario over all channels and many mishaps, then a look everywhere.

The recipients' addresses are canaries. They may be found at the providers' own servers and in
sealed columns, and nowhere else.
"""

import base64
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib import kicks
from gateway_project.lib.draining import DRAINS, run
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import Gateway
from messages_app.models import InboxEntry, Message, Relay, State
from messages_app.relaying import draining
from tests.factories import (
    API_KEY,
    SECRET,
    STATUS_KEY,
    EndUserFactory,
    GatewayFactory,
    KeyFactory,
)
from tests.gateways.providers.examples import at
from tests.gateways.providers.mail_peer import mail_peer
from tests.messages_app.house import House, build_house
from tests.peers import Answer, Asked, HttpPeer, http_peer
from users.importing import upsert
from users.rows import row_of
from users.suppressions import suppress

EMAIL = "canary.mailbox@secret-domain.example"
PHONE = "+4915112345678"
PREVIEW = "canary.preview@amazing.co"
PLATFORM_KEY = "the-key-of-the-platform"
PROVIDER_SECRET = "canary-service-key"
CALLBACK_PATH = "/canary-callback-path"


def disguises(canary: str) -> set[str]:
    """The spellings in which a canary is looked for."""
    bare = canary.lstrip("+")
    return {
        bare,
        quote(canary, safe=""),
        canary.upper(),
        base64.b64encode(canary.encode()).decode().rstrip("="),
        canary.encode().hex(),
        json.dumps(canary)[1:-1].replace("@", "\\u0040") if "@" in canary else bare,
    }


CANARIES = {
    spelling
    for canary in (EMAIL, PHONE, PREVIEW, PROVIDER_SECRET)
    for spelling in disguises(canary)
}


def leaks(text: str) -> set[str]:
    return {canary for canary in CANARIES if canary in text}


class Peers:
    """Smartico, a notification centre, Webex and eSputnik, all rude enough to repeat what they are
    told."""

    def __init__(
        self, smartico: HttpPeer, centre: HttpPeer, webex: HttpPeer, esputnik: HttpPeer
    ) -> None:
        self.smartico, self.centre, self.webex = smartico, centre, webex
        self.esputnik = esputnik
        esputnik.respond = self.choke
        smartico.respond = self.hear
        centre.respond = self.take
        webex.respond = self.refuse

    def hear(self, asked: Asked) -> Answer:
        if asked.query["status"] == "failed":
            return Answer(status=500, body=f"could not tell {EMAIL} with {API_KEY}")
        return Answer(body='{"error_code": 0,}')

    def take(self, asked: Asked) -> Answer:
        if asked.json["im_uid"].endswith("refused"):
            return Answer(body={"error_code": 3, "error_message": f"{EMAIL} is unknown"})
        return Answer(body={"error_code": 0, "ext_message_id": f"nc-{len(self.centre.asked)}"})

    def refuse(self, asked: Asked) -> Answer:
        number = asked.json["to"][0]["msisdn"][0]
        spelt = {"plain": number, "spaced": " ".join(number), "key": PROVIDER_SECRET, "user": EMAIL}
        return Answer(status=400, body={"code": "7004", "message": json.dumps(spelt)})

    def choke(self, asked: Asked) -> Answer:
        words = f"{EMAIL} {PHONE} {PROVIDER_SECRET} {asked.body.decode()}"
        if asked.path.endswith("/event"):
            return Answer(status=503, body=words)
        if asked.path.endswith(("/balance", "/addressbooks")):
            return Answer(status=400, body=words)
        return Answer(body={"results": {"status": "ERROR", "message": words}})


@pytest.fixture
def peers() -> Iterator[Peers]:
    with http_peer() as one, http_peer() as two, http_peer() as three, http_peer() as four:
        yield Peers(one, two, three, four)


@pytest.fixture
def house(db, peers) -> House:
    house = build_house(callback_hosts=[peers.smartico.url])
    KeyFactory(label=house.label, kind=KeyKind.STATUS, secret=STATUS_KEY)
    house.user = EndUserFactory(
        label=house.label, brand=house.brand, ext_user_id="u-1", email=EMAIL, phone=PHONE
    )
    Gateway.objects.filter(pk=house.gateways[Channel.CUSTOM_IM].pk).delete()
    house.gateways[Channel.CUSTOM_IM] = GatewayFactory(
        label=house.label,
        channel=Channel.CUSTOM_IM,
        provider="custom_im_http",
        config={"url": peers.centre.url, "authorization": PROVIDER_SECRET},
    )
    return house


class Scenario:
    """What happens, and everything that was said outside while it did."""

    def __init__(self, house: House, peers: Peers) -> None:
        self.house, self.peers = house, peers
        self.answers: list[dict] = []
        self.platform_answers: list[str] = []

    def play(self) -> None:
        self.send_on_every_channel()
        self.send_what_is_refused()
        self.send_through_providers_that_repeat_addresses()
        self.drain()
        self.be_reported_to()
        self.tell_as_the_platform()
        self.drain()

    def post(self, channel: str, uid: str, **changes) -> None:
        name = "email_uid" if channel == Channel.EMAIL else "im_uid"
        callback_url = self.peers.smartico.url + CALLBACK_PATH
        body = self.house.body(channel, **({name: uid, "callback_url": callback_url} | changes))
        self.answers.append(self.house.post(channel, body))

    def send_on_every_channel(self) -> None:
        for channel in Channel:
            self.post(channel, f"{channel}-good")
        preview = {"activity_type": "preview", "to_email_address": PREVIEW}
        self.post(Channel.EMAIL, "preview", **preview)
        self.post(Channel.SMS, "own", body=f"You are {PHONE}, {EMAIL}")

    def send_what_is_refused(self) -> None:
        self.post(Channel.SMS, "no-user", ext_user_id=EMAIL)
        self.post(Channel.SMS, "long", ext_user_id=EMAIL * 10)
        self.post(Channel.EMAIL, "from", from_email_address=f"{EMAIL}, {EMAIL}")
        self.post(Channel.EMAIL, "subject", subject=f"{EMAIL}\r\nBcc: {EMAIL}")
        self.post(Channel.EMAIL, "to", to_email_address=EMAIL)
        self.post(Channel.EMAIL, "pre", activity_type="preview", to_email_address=EMAIL)
        self.post(Channel.SMS, "cb", callback_url=f"https://evil.example/{EMAIL}")
        self.post(Channel.CUSTOM_IM, "ext", extension={EMAIL: PHONE})
        self.post(Channel.CUSTOM_IM, "im-refused")
        self.answers.append(self.house.post(body=f'{{"ext_user_id": "{EMAIL}" {PHONE}'))
        self.answers.append(self.house.post(headers={"Authorization": EMAIL}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("messages_app.planning.find_to_send", self.explode)
            self.post(Channel.SMS, "incident")

    def explode(self, *args: object) -> None:
        raise RuntimeError(f"broken at {EMAIL}")

    def send_through_providers_that_repeat_addresses(self) -> None:
        webex = {"base_url": self.peers.webex.url, "service_key": PROVIDER_SECRET}
        GatewayFactory(
            label=self.house.label, brand=self.house.brand, provider="webex_connect", config=webex
        )
        self.post(Channel.SMS, "webex")
        for word in ("failed", "unknown", "unavailable"):
            user = EndUserFactory(
                label=self.house.label, email=EMAIL, phone=PHONE, properties={"sandbox": word}
            )
            self.post(Channel.VIBER, word, ext_user_id=user.ext_user_id)

    def drain(self) -> None:
        """All drains, until nothing is due; what lies in the future is made due."""
        for _ in range(6):
            now = timezone.now()
            InboxEntry.objects.exclude(due_at=None).update(due_at=now)
            Message.objects.filter(state=State.QUEUED).update(due_at=now)
            CallbackDelivery.objects.owed().update(due_at=now)
            Relay.objects.filter(settled_at=None).update(due_at=now)
            draining.forget()
            for drain in DRAINS.values():
                for key in drain.due():
                    run(drain.name, key, linger=0)

    def be_reported_to(self) -> None:
        """Good and bad reports from outside, with addresses wherever one can stand."""
        client = self.house.client
        message = Message.objects.filter(channel=Channel.VIBER).first()
        viber = f"/callbacks/webhooks/{self.house.gateways[Channel.VIBER].token.reveal()}"
        centre = f"/callbacks/status/{self.house.gateways[Channel.CUSTOM_IM].token.reveal()}"
        reports = [
            {"id": str(message.pk), "status": "failed", "detail": f"550 {EMAIL}", "to": PHONE},
            {"id": EMAIL, "status": PHONE},
            {"id": "later", "status": "delivered", "email": EMAIL},
        ]
        for body in (json.dumps(reports), f"not json {EMAIL}", json.dumps({"status": EMAIL})):
            client.post(viber, body, content_type="application/json")
        client.post("/callbacks/webhooks/" + quote(EMAIL), "{}", content_type="application/json")
        for path in (centre, "/callbacks/status"):
            for status, uid in (("delivered", "nc-0"), (EMAIL, "nc-0"), ("opened", EMAIL)):
                query = {"type": "cim", "ext_message_id": uid, "status": status}
                answer = client.get(path, query | {"api_key": STATUS_KEY})
                self.answers.append(answer.json())

    def tell_as_the_platform(self) -> None:
        """Events, orders, a changed user and an opt-out, with addresses wherever one can stand."""
        label, peer = self.house.label, self.peers.esputnik
        KeyFactory(label=label, kind=KeyKind.PLATFORM, secret=PLATFORM_KEY)
        config = at("esputnik", peer.url) | {"api_key": PROVIDER_SECRET}
        GatewayFactory(label=label, channel=Channel.EMAIL, provider="esputnik", config=config)
        event = {"type": EMAIL, "ext_user_id": "u-1", "id": EMAIL, "params": {"text": PHONE}}
        order = {
            "ext_user_id": "u-1",
            "external_id": EMAIL,
            "status": "DELIVERED",
            "total": 5,
            "currency": "EUR",
            "date": "2026-03-08T09:30:00Z",
            "delivery_address": PHONE,
        }
        bad = [{"ext_user_id": EMAIL, "type": "x"}, {EMAIL: PHONE}, EMAIL, {"email": EMAIL}]
        self.call("events", [event, *bad])
        self.call("orders", [order, {**order, "total": EMAIL}, {**order, "status": PHONE}])
        self.call("events", f'{{"email": "{EMAIL}" {PHONE}')
        self.call("fields")
        self.call("account")
        upsert(label.pk, [row_of({"ext_user_id": "u-1", "properties": {"country": "AT"}})])
        suppress(label.pk, Channel.EMAIL, [self.house.user.email_index], "platform")

    def call(self, page: str, body: object = None) -> None:
        headers, path = {"Authorization": PLATFORM_KEY}, f"/platform/v1/{page}"
        client = self.house.client
        response = (
            client.get(path, headers=headers)
            if body is None
            else client.post(path, body, content_type="application/json", headers=headers)
        )
        self.platform_answers.append(f"{response.status_code} {response.content.decode()}")


@pytest.fixture
def scenario(house, peers, caplog, monkeypatch, settings) -> Scenario:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("gateway_project.lib.rounds.RENEW_SECONDS", 0.0)
    scenario = Scenario(house, peers)
    scenario.play()
    return scenario


def test_the_scenario_does_what_it_should(scenario):
    codes = {answer["error_code"] for answer in scenario.answers}
    assert {0, 1, 10, 20, 22, 23, 25, 26, 99} <= codes
    states = set(Message.objects.values_list("state", flat=True))
    assert {State.SENT, State.REJECTED, State.FAILED} <= states
    assert {asked.query["status"] for asked in scenario.peers.smartico.asked} >= {
        "accepted",
        "delivered",
        "rejected",
        "failed",
    }
    assert [answer[:3] for answer in scenario.platform_answers] == [
        "202",
        "202",
        "400",
        *2 * ["200"],
    ]
    ended = set(Relay.objects.values_list("kind", "outcome"))
    assert {(kind, "rejected") for kind in ("order", "contact", "opt_out")} < ended
    assert Relay.objects.get(kind="event").detail.startswith("HTTP 503")


def test_no_answer_holds_an_address(scenario):
    assert leaks(json.dumps(scenario.answers)) == set()
    assert leaks(str(scenario.platform_answers)) == set()


def test_no_callback_holds_an_address(scenario):
    for asked in scenario.peers.smartico.asked:
        assert leaks(f"{asked.path} {asked.query} {asked.headers}") == set()
        assert set(asked.query) == {"type", "ext_message_id", "status", "api_key"}
        assert asked.query["api_key"] == API_KEY


def test_no_log_line_holds_an_address_or_a_secret(scenario, caplog):
    """Of what our code logs, before any masking; of everything, as it is written."""
    ours = ("gateway_project", "gateways", "users", "messages_app", "callbacks")
    formatter = logging.getLogger().handlers[0].formatter
    records = caplog.get_records("setup")
    assert records
    for record in records:
        if record.name.startswith(ours) and not record.exc_info:
            text = f"{record.getMessage()} {record.args}"
            assert leaks(text) == set()
            assert not [s for s in (SECRET, API_KEY, STATUS_KEY, CALLBACK_PATH) if s in text]
        written = formatter.format(record)
        assert leaks(written) == set()
        assert API_KEY not in written


def test_no_column_but_the_sealed_ones_holds_an_address(scenario):
    """Every column of every table, as the database has it."""
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            for row in cursor.fetchall():
                assert leaks(str(row)) == set(), model


def test_no_page_of_the_admin_shows_an_address(scenario):
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist")]
        pages += [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()]
        for page in pages:
            response = client.get(page)
            assert response.status_code == 200, page
            assert leaks(response.content.decode()) == set(), page


def test_a_person_without_rights_sees_no_page(scenario):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_session"))
    client = Client()
    client.force_login(clerk)
    for model in admin.site._registry:
        if model._meta.app_label in ("callbacks", "messages_app", "users", "gateways"):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            assert client.get(reverse(f"{name}_changelist")).status_code == 403


def test_a_kick_carries_a_drain_and_its_key_and_nothing_else(house, peers, settings, monkeypatch):
    settings.BROKER_URL = "memory://"
    sent: list[tuple] = []
    monkeypatch.setattr(
        kicks.current_app, "send_task", lambda name, **options: sent.append((name, options))
    )
    kicker = kicks.Kicker()
    monkeypatch.setattr(kicks, "_kicker", kicker)
    taken: list[tuple[str, str]] = []
    monkeypatch.setattr(kicker, "take", lambda name, key: taken.append((name, key)))
    Scenario(house, peers).send_on_every_channel()
    keys = {str(gateway.pk) for gateway in house.gateways.values()}
    assert {name for name, _ in taken} <= {"send", "report"}
    assert {key for name, key in taken if name == "send"} <= keys
    kicker._publish(set(taken))
    assert leaks(str(sent)) == set()


def test_mails_reach_the_mail_server_and_only_it(house, peers):
    """The positive side: what must not be seen anywhere else does arrive where it should."""
    with mail_peer() as mail:
        config = {"host": "127.0.0.1", "port": mail.port, "security": "none"}
        smtp = GatewayFactory(
            label=house.label,
            brand=house.brand,
            channel=Channel.EMAIL,
            provider="smtp",
            config=config,
            from_default="noreply@amazing.co",
        )
        scenario = Scenario(house, peers)
        scenario.post(Channel.EMAIL, "real")
        run("send", str(smtp.pk), linger=0)
        (envelope,) = mail.envelopes
    assert envelope.rcpt_tos == [EMAIL]
