"""The platform and Smartico are told of opt-outs, over real HTTP."""

import json
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from gateway_project.lib.draining import run
from gateway_project.lib.metrics import LEAKS_STOPPED
from gateways.models import Label
from gateways.opt_outs import end_old_webhook_secrets, new_webhook_secret, renew_webhook_secret
from messages_app.models import Relay
from messages_app.relaying import draining
from messages_app.relaying.draining import due_listeners
from messages_app.relaying.keeping import retry
from messages_app.relaying.settling import RELAY_SCHEDULE
from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from tests.messages_app.relaying.peer import standing
from tests.peers import Answer, http_peer
from users.closing import by_email, close, reopen
from users.erasing import erase
from users.suppressions import lift, suppress

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
TOKEN = "the-token-of-smartico"


@pytest.fixture
def peer():
    with http_peer() as peer:
        yield peer


@pytest.fixture
def secret():
    return new_webhook_secret()


@pytest.fixture
def label(peer, secret):
    return LabelFactory(
        opt_out_webhook_url=f"{peer.url}/opt-outs", opt_out_webhook_secrets=[secret]
    )


@pytest.fixture
def smartico_label(peer):
    return LabelFactory(
        tells_smartico_opt_outs=True,
        smartico_events_url=f"{peer.url}/events",
        smartico_events_token=TOKEN,
        user_ids={"strip_prefix": "am:"},
    )


@pytest.fixture
def jo(label):
    return EndUserFactory(label=label, ext_user_id="u-1", email=EMAIL, phone=PHONE)


def tell(label, who="platform") -> int:
    """As when all waits are over."""
    draining.forget()
    Relay.objects.filter(settled_at=None).update(due_at=timezone.now())
    return run("relay", f"{who}/{label.pk}", linger=0)


def verified(asked, secret) -> dict:
    return Webhook(secret).verify(asked.body, asked.headers)


def closed(user, reason="complained", channel="email") -> None:
    suppress(user.label_id, channel, [user.address_index(channel)], reason)


def suspended(label) -> dict[str, str]:
    return Label.objects.get(pk=label.pk).opt_outs_suspended


def test_the_platform_is_told_who_opted_out_of_what_and_can_verify_it(peer, label, secret, jo):
    EndUserFactory(label=label, ext_user_id="u-2", email=EMAIL.upper(), phone=None)
    EndUserFactory(ext_user_id="elsewhere", email=EMAIL)

    closed(jo)
    assert due_listeners() == [f"platform/{label.pk}"]
    assert tell(label) == 1

    (asked,) = peer.asked
    told = verified(asked, secret)
    relay = Relay.objects.get()
    assert (asked.method, asked.path) == ("POST", "/opt-outs")
    assert told["type"] == "suppression.created"
    assert told["data"] == {
        "channel": "email",
        "reason": "complained",
        "ext_user_ids": ["u-1", "u-2"],
        "unnamed": 0,
    }
    assert told["timestamp"] == relay.created_at.isoformat()
    assert asked.headers["webhook-id"] == str(relay.pk)
    assert b"anary" not in asked.body.lower()
    assert (standing(), relay.payload) == ([("opt_out", "taken")], None)
    with pytest.raises(WebhookVerificationError):
        verified(asked, new_webhook_secret())


def test_a_lifted_suppression_is_told_after_it(peer, label, secret, jo):
    closed(jo, "unsubscribed", "sms")
    lift(label.pk, "sms", [jo.phone_index], by="a test")
    assert tell(label) == 2
    told = [verified(asked, secret) for asked in peer.asked]
    assert [each["type"] for each in told] == ["suppression.created", "suppression.lifted"]
    assert [each["data"]["reason"] for each in told] == ["unsubscribed", ""]
    assert {each["data"]["channel"] for each in told} == {"sms"}


def test_the_platform_is_not_told_what_it_has_said_itself(label, jo):
    named = [by_email(EMAIL)]
    close(label.pk, named, "platform", bound_to=None)
    reopen(label.pk, named, by="a test", because="", bound_to=None)
    assert not Relay.objects.exists()


def test_without_a_webhook_or_anybody_to_name_nothing_is_owed(jo, label):
    other = EndUserFactory(email=EMAIL)
    closed(other)
    suppress(label.pk, "email", ["0" * 64], "complained")
    assert not Relay.objects.exists()


def test_who_was_erased_meanwhile_is_not_told(peer, label, jo):
    closed(jo)
    erase([jo], "a test")
    tell(label)
    assert (peer.asked, standing()) == ([], [("opt_out", "not_needed")])


def test_an_id_that_is_the_address_itself_is_counted_and_not_told(peer, label, secret, jo):
    for ext_user_id in (EMAIL, f"shop:{EMAIL.upper()}"):
        EndUserFactory(label=label, ext_user_id=ext_user_id, email=EMAIL)
    closed(jo)
    tell(label)
    data = verified(peer.asked[0], secret)["data"]
    assert (data["ext_user_ids"], data["unnamed"]) == (["u-1"], 2)
    assert b"anary" not in peer.asked[0].body.lower()


def test_an_address_that_got_into_the_body_all_the_same_does_not_leave(
    peer, label, secret, jo, monkeypatch
):
    monkeypatch.setattr("messages_app.relaying.notices.stands_in", lambda *_: False)
    EndUserFactory(label=label, ext_user_id=EMAIL, email=EMAIL)
    before = LEAKS_STOPPED.labels("webhook")._value.get()
    closed(jo)
    tell(label)
    assert "u-1" in verified(peer.asked[0], secret)["data"]["ext_user_ids"]
    assert b"anary" not in peer.asked[0].body.lower()
    assert LEAKS_STOPPED.labels("webhook")._value.get() == before + 1


def test_while_two_secrets_live_both_sign_and_an_ended_one_does_not(peer, label, secret, jo):
    with transaction.atomic():
        new = renew_webhook_secret(label).reveal()
    closed(jo)
    tell(label)
    assert verified(peer.asked[-1], secret) == verified(peer.asked[-1], new)

    end_old_webhook_secrets(label)
    lift(label.pk, "email", [jo.email_index], by="a test")
    tell(label)
    assert verified(peer.asked[-1], new)
    with pytest.raises(WebhookVerificationError):
        verified(peer.asked[-1], secret)


def test_of_three_secrets_the_oldest_ends(label, secret):
    made = [renew_webhook_secret(label).reveal() for _ in range(2)]
    assert label.opt_out_webhook_secrets.reveal() == made[::-1]


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_what_was_not_taken_is_told_again_under_the_same_id(peer, label, secret, jo, status):
    answers = [Answer(status, f"no {EMAIL}", {"Retry-After": "5"}), Answer(204)]
    peer.respond = lambda asked: answers.pop(0)
    closed(jo)
    tell(label)
    row = Relay.objects.get()
    assert (row.attempts, row.settled_at) == (1, None)
    assert row.detail.startswith(f"HTTP {status}")
    assert "anary" not in row.detail
    tell(label)
    first, second = peer.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(first, secret) == verified(second, secret)
    assert standing() == [("opt_out", "taken")]


def test_what_is_out_of_tries_is_listed_and_told_again_by_a_person(peer, label, jo):
    peer.respond = lambda asked: Answer(500)
    closed(jo)
    Relay.objects.update(attempts=len(RELAY_SCHEDULE))
    tell(label)
    assert standing() == [("opt_out", "failed")]

    peer.respond = lambda asked: Answer(200)
    assert retry(Relay.objects.all()) == 1
    tell(label)
    assert standing() == [("opt_out", "taken")]


def test_what_would_undo_what_followed_is_not_told_again(peer, label, jo):
    peer.respond = lambda asked: Answer(500)
    closed(jo)
    Relay.objects.update(attempts=len(RELAY_SCHEDULE))
    tell(label)
    lift(label.pk, "email", [jo.email_index], by="a test")
    assert retry(Relay.objects.all()) == 0


@pytest.mark.parametrize("status", [401, 403, 410, 302])
def test_an_end_point_that_turns_us_away_is_left_alone_until_a_person_has_looked(
    peer, label, jo, status
):
    peer.respond = lambda asked: Answer(status, f"go away, {EMAIL}")
    closed(jo)
    tell(label)
    assert "anary" not in suspended(label)["platform"]
    assert f"HTTP {status}" in suspended(label)["platform"]
    row = Relay.objects.get()
    assert (row.attempts, row.settled_at) == (0, None)
    closed(jo, channel="sms")
    assert (tell(label), len(peer.asked), due_listeners()) == (0, 1, [])

    peer.respond = lambda asked: Answer(200)
    Label.objects.update(opt_outs_suspended={})
    tell(label)
    assert standing() == [("opt_out", "taken")] * 2


def test_an_address_inside_the_house_is_not_called(peer, label, jo, settings):
    settings.EGRESS_ALLOW = []
    closed(jo)
    tell(label)
    assert peer.asked == []
    assert suspended(label)["platform"].startswith("egress refused")


def test_a_lost_answer_is_asked_for_again(peer, label, jo):
    answers = [Answer(hang_up=True), Answer(200)]
    peer.respond = lambda asked: answers.pop(0)
    closed(jo)
    tell(label)
    tell(label)
    assert len(peer.asked) == 2
    assert standing() == [("opt_out", "taken")]


def test_secrets_that_do_not_open_hold_the_notices_and_lose_none(peer, label, jo, settings):
    closed(jo)
    ring = settings.PII_KEYS
    settings.PII_KEYS = "t9:b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMzI="
    assert (tell(label), due_listeners()) == (0, [])
    settings.PII_KEYS = ring
    tell(label)
    assert standing() == [("opt_out", "taken")]


def test_smartico_is_told_by_an_update_of_the_profile_of_each_who_shares_the_address(
    peer, smartico_label
):
    brand = BrandFactory(label=smartico_label, slug="b")
    jo = EndUserFactory(label=smartico_label, ext_user_id="u-1", email=EMAIL, brand=brand)
    EndUserFactory(label=smartico_label, ext_user_id="u-2", email=EMAIL)
    closed(jo)
    tell(smartico_label, "smartico")

    (asked,) = peer.asked
    assert (asked.path, asked.headers["authorization"]) == ("/events", TOKEN)
    first, second = asked.json
    happened = Relay.objects.get().created_at
    assert first == {
        "eid": first["eid"],
        "event_date": round(happened.timestamp() * 1000),
        "ext_brand_id": "b",
        "user_ext_id": "am:u-1",
        "event_type": "update_profile",
        "payload": {"core_is_email_disabled_by_platform": True},
    }
    assert second["user_ext_id"] == "am:u-2"
    assert "ext_brand_id" not in second
    assert UUID(first["eid"]) != UUID(second["eid"])
    assert b"anary" not in asked.body.lower()


def test_smartico_is_told_on_channels_with_a_flag_and_never_that_one_is_cleared(
    peer, smartico_label
):
    jo = EndUserFactory(label=smartico_label, ext_user_id="u-1", phone=PHONE, email=EMAIL)
    for channel in ("viber", "whatsapp", "rcs"):
        closed(jo, channel=channel)
    assert not Relay.objects.exists()
    closed(jo, channel="sms")
    lift(smartico_label.pk, "sms", [jo.phone_index], by="a test")
    assert standing() == [("opt_out", "")]
    tell(smartico_label, "smartico")
    assert (peer.asked, standing()) == ([], [("opt_out", "not_needed")])

    closed(jo, channel="sms")
    tell(smartico_label, "smartico")
    (event,) = peer.asked[0].json
    assert event["payload"] == {"core_is_sms_disabled_by_platform": True}


def test_smartico_is_told_what_the_platform_said_and_nothing_where_it_is_switched_off(
    peer, smartico_label
):
    EndUserFactory(label=smartico_label, ext_user_id="u-1", email=EMAIL)
    close(smartico_label.pk, [by_email(EMAIL)], "platform", bound_to=None)
    assert standing() == [("opt_out", "")]
    smartico_label.tells_smartico_opt_outs = False
    smartico_label.save()
    assert (tell(smartico_label, "smartico"), peer.asked) == (0, [])


def test_a_repeat_to_smartico_has_the_same_ids(peer, smartico_label):
    jo = EndUserFactory(label=smartico_label, ext_user_id="u-1", email=EMAIL)
    answers = [Answer(503), Answer(200)]
    peer.respond = lambda asked: answers.pop(0)
    closed(jo)
    tell(smartico_label, "smartico")
    tell(smartico_label, "smartico")
    first, second = (json.loads(asked.body) for asked in peer.asked)
    assert first == second
