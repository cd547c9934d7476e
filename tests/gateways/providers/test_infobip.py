import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.infobip import Infobip
from gateways.providers.registry import validate_config
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

NOW = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
NUMBER = PHONE.lstrip("+")
OTHER_ID = "01981f7a-0000-7000-8000-000000000002"
SMS = message(Channel.SMS)
PENDING = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
WEBHOOKS = {
    "contentType": "application/json",
    "callbackData": MESSAGE_ID,
    "delivery": {"url": WEBHOOK_URL, "intermediateReport": True},
}
NO_TRACKING = {"shortenUrl": False, "trackClicks": False}


def refused(name, group="REJECTED", **more):
    return {"groupId": 5, "groupName": group, "name": name, "description": "...", **more}


def answered(*told):
    """An answer with a status for each of these ids."""
    listed = [{"messageId": own, "status": status, "destination": NUMBER} for own, status in told]
    return {"bulkId": "2034072219640523072", "messages": listed}


def outcomes(body, *messages, status=200, **config):
    answer = HttpAnswer(status=status, body=json.dumps(body).encode())
    return account("infobip", **config).results(messages or [SMS], answer)


def sent(channel, *, config=None, **changes):
    """What a real server is sent: path and body, the headers having been looked at."""
    with http_peer(lambda asked: Answer(body=answered((MESSAGE_ID, PENDING)))) as peer:
        provider = account("infobip", base_url=f"{peer.url}/", **(config or {}))
        call = provider.call([message(channel, **changes)])
        (result,) = provider.results([SMS], http_client().perform(call))
    (asked,) = peer.asked
    assert asked.method == "POST"
    assert asked.headers["authorization"] == f"App {CANARY}"
    assert asked.headers["content-type"] == asked.headers["accept"] == "application/json"
    assert result == SendResult(provider_id=MESSAGE_ID)
    return asked.path, asked.json


# ---- The request


def test_an_sms_is_written_as_documented():
    assert sent(Channel.SMS) == (
        "/sms/3/messages",
        {
            "messages": [
                {
                    "sender": "Amazing",
                    "destinations": [{"to": NUMBER, "messageId": MESSAGE_ID}],
                    "content": {"text": "Best offer ever"},
                    "webhooks": WEBHOOKS,
                }
            ],
            "options": {"tracking": NO_TRACKING},
        },
    )


def test_a_viber_message_is_written_as_documented():
    assert sent(Channel.VIBER) == (
        "/viber/2/messages",
        {
            "messages": [
                {
                    "sender": "Amazing",
                    "destinations": [{"to": NUMBER, "messageId": MESSAGE_ID}],
                    "content": {"type": "TEXT", "text": "Best offer ever"},
                    "webhooks": {**WEBHOOKS, "seen": {"url": WEBHOOK_URL}},
                }
            ],
            "options": {"tracking": NO_TRACKING},
        },
    )


def test_a_whatsapp_message_is_a_template_with_the_body_as_its_placeholder():
    path, body = sent(Channel.WHATSAPP, sender="+385919998888", text="Best\noffer ever")

    assert path == "/whatsapp/1/message/template"
    assert body == {
        "messages": [
            {
                "from": "385919998888",
                "to": NUMBER,
                "messageId": MESSAGE_ID,
                "content": {
                    "templateName": "smartico_message",
                    "templateData": {"body": {"placeholders": ["Best offer ever"]}},
                    "language": "en",
                },
                "callbackData": MESSAGE_ID,
                "notifyUrl": WEBHOOK_URL,
                "urlOptions": NO_TRACKING,
            }
        ]
    }


def test_a_free_text_to_whatsapp_goes_as_it_was_written():
    path, body = sent(Channel.WHATSAPP, config={"text_window": "try"}, text="Best\noffer ever")

    assert path == "/whatsapp/1/message/text"
    assert body == {
        "from": "Amazing",
        "to": NUMBER,
        "messageId": MESSAGE_ID,
        "content": {"text": "Best\noffer ever"},
        "callbackData": MESSAGE_ID,
        "notifyUrl": WEBHOOK_URL,
        "urlOptions": NO_TRACKING,
    }


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VIBER])
def test_clicks_are_tracked_where_asked_for(channel):
    _, body = sent(channel, config={"track_clicks": True})

    tracking = {"shortenUrl": True, "trackClicks": True, "trackingUrl": WEBHOOK_URL}
    assert body["options"] == {"tracking": tracking}


def test_clicks_in_whatsapp_are_tracked_where_asked_for():
    _, body = sent(Channel.WHATSAPP, config={"track_clicks": True})

    tracking = {"shortenUrl": True, "trackClicks": True, "trackingUrl": WEBHOOK_URL}
    assert body["messages"][0]["urlOptions"] == tracking


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VIBER])
@pytest.mark.parametrize(
    ("left", "amount"),
    [
        (timedelta(minutes=10), 600),
        (timedelta(hours=80), 48 * 3600),
        (timedelta(milliseconds=5), 1),
        (timedelta(seconds=-5), 1),
    ],
)
def test_a_message_that_expires_says_for_how_long_it_is_valid(channel, left, amount):
    call = account("infobip").call([message(channel, expires_at=NOW + left)])

    (written,) = json.loads(call.body)["messages"]
    assert written["options"] == {"validityPeriod": {"amount": amount, "timeUnit": "SECONDS"}}


@pytest.mark.parametrize("channel", Infobip.channels)
def test_without_a_sender_the_gateway_is_at_fault(channel):
    with pytest.raises(GatewayMisconfigured):
        account("infobip").call([message(channel, sender="")])


@pytest.mark.parametrize("channel", Infobip.channels)
def test_without_a_number_the_message_is_rejected(channel):
    with pytest.raises(MessageRejected):
        account("infobip").call([message(channel, recipient=None)])


def test_whatsapp_without_a_template_is_a_fault_of_the_gateway():
    with pytest.raises(GatewayMisconfigured):
        account("infobip", template=None).call([message(Channel.WHATSAPP)])


# ---- Several in one call


def test_several_messages_leave_in_one_call_and_are_told_apart_by_their_ids():
    other = message(Channel.SMS, id=OTHER_ID, text="Another offer")
    body = answered((OTHER_ID, refused("REJECTED_NETWORK")), (MESSAGE_ID, PENDING))
    with http_peer(lambda asked: Answer(body=body)) as peer:
        provider = account("infobip", base_url=peer.url, batch=10)
        answer = http_client().perform(provider.call([SMS, other]))

    first, second = provider.results([SMS, other], answer)
    written = peer.asked[0].json["messages"]
    assert [each["content"]["text"] for each in written] == ["Best offer ever", "Another offer"]
    assert [each["destinations"][0]["messageId"] for each in written] == [MESSAGE_ID, OTHER_ID]
    assert first == SendResult(provider_id=MESSAGE_ID)
    assert type(second) is MessageRejected


def test_a_message_that_the_answer_leaves_out_is_in_doubt():
    other = message(Channel.SMS, id=OTHER_ID)

    first, second = outcomes(answered((MESSAGE_ID, PENDING)), SMS, other)

    assert first == SendResult(provider_id=MESSAGE_ID)
    assert type(second) is OutcomeUnknown


def test_one_message_a_call_is_the_rule_and_more_by_configuration():
    assert account("infobip").batch_size == 1
    assert account("infobip", batch=25).batch_size == 25


def test_equal_senders_share_a_call():
    provider = account("infobip")
    same, other = message(Channel.SMS, id=OTHER_ID), message(Channel.SMS, sender="Other")

    assert provider.batch_key(SMS) == provider.batch_key(same) != provider.batch_key(other)


def test_free_texts_to_whatsapp_never_share_a_call():
    provider = account("infobip", text_window="try", batch=10)
    first, second = message(Channel.WHATSAPP), message(Channel.WHATSAPP, id=OTHER_ID)

    assert provider.batch_key(first) != provider.batch_key(second)


# ---- The answer


@pytest.mark.parametrize("group", ["ACCEPTED", "PENDING", "DELIVERED"])
def test_a_message_that_is_under_way_was_taken(group):
    (result,) = outcomes(answered(("their-id", {"groupName": group})))

    assert result == SendResult(provider_id="their-id")


def test_the_answer_to_a_free_text_stands_alone():
    (result,) = outcomes({"to": NUMBER, "messageId": MESSAGE_ID, "status": PENDING})

    assert result == SendResult(provider_id=MESSAGE_ID)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (refused("REJECTED_DESTINATION_BLOCKLISTED"), MessageRejected),
        (refused("REJECTED_FLOODING_FILTER"), MessageRejected),
        (refused("UNDELIVERABLE_NOT_SENT", "UNDELIVERABLE"), MessageRejected),
        (refused("REJECTED_NOT_ENOUGH_CREDITS"), GatewayMisconfigured),
        (refused("REJECTED_PREPAID_PACKAGE_EXPIRED"), GatewayMisconfigured),
        (refused("REJECTED_SYSTEM_ERROR"), GatewayUnavailable),
        (refused("REJECTED_DUPLICATE_MESSAGE_ID"), OutcomeUnknown),
        ({"groupName": "SOMETHING_NEW"}, OutcomeUnknown),
        ({}, OutcomeUnknown),
        (None, OutcomeUnknown),
    ],
)
def test_a_refusal_inside_a_success_is_believed(status, expected):
    (result,) = outcomes(answered((MESSAGE_ID, status)))

    assert type(result) is expected


@pytest.mark.parametrize(
    ("name", "is_permanent"),
    [("REJECTED_PREFIX_MISSING", True), ("REJECTED_DESTINATION", False)],
)
def test_only_a_number_that_cannot_be_one_is_suppressed(name, is_permanent):
    (result,) = outcomes(answered((MESSAGE_ID, refused(name))))

    assert result.is_permanent is is_permanent


@pytest.mark.parametrize("messages", [None, "none", [], ["none"], [7, None]])
def test_a_success_without_messages_leaves_the_outcome_unknown(messages):
    (result,) = outcomes({"messages": messages})

    assert type(result) is OutcomeUnknown


def test_an_error_is_told_in_its_words():
    violation = {"property": "messages[0].content", "violation": "must not be blank"}
    body = {"errorCode": "E400", "description": "Cannot be processed.", "violations": [violation]}

    (result,) = outcomes(body, status=400)

    assert type(result) is MessageRejected
    assert result.detail == "E400 Cannot be processed. (messages[0].content: must not be blank)"


def test_an_error_of_whatsapp_is_told_in_its_words():
    exception = {
        "messageId": "BAD_REQUEST",
        "text": "Bad request",
        "validationErrors": {"content.text": ["must not be blank"]},
    }

    (result,) = outcomes({"requestError": {"serviceException": exception}}, status=400)

    assert type(result) is MessageRejected
    assert result.detail == "BAD_REQUEST Bad request (content.text)"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, GatewayMisconfigured), (404, GatewayMisconfigured), (500, GatewayUnavailable)],
)
def test_an_error_means_what_its_status_says(status, expected):
    (result,) = outcomes({"errorCode": "E1", "description": "..."}, status=status)

    assert type(result) is expected


def test_too_many_requests_are_waited_out():
    answer = HttpAnswer(status=429, headers={"retry-after": "9"}, body=b'{"errorCode": "E429"}')
    (result,) = account("infobip").results([SMS], answer)

    assert type(result) is GatewayUnavailable
    assert (result.retry_after, result.is_throttle) == (9, True)


# ---- The connection check

EMPTY = Answer(status=400, body={"errorCode": "E400", "description": "..."})
EMPTY_WHATSAPP = Answer(
    status=400, body={"requestError": {"serviceException": {"messageId": "BAD_REQUEST"}}}
)


def checked(sms, viber, whatsapp):
    answers = {
        "/sms/3/messages": sms,
        "/viber/2/messages": viber,
        "/whatsapp/1/message/template": whatsapp,
    }
    with http_peer(lambda asked: answers[asked.path]) as peer:
        try:
            return account("infobip", base_url=peer.url).check_connection()
        finally:
            assert [asked.json for asked in peer.asked] == [{}, {}, {}]


def test_the_connection_check_says_which_channels_the_key_is_good_for():
    denied = Answer(status=403, body={"errorCode": "E403", "description": "..."})

    assert "SMS, Viber, WhatsApp" in checked(EMPTY, EMPTY, EMPTY_WHATSAPP)
    assert checked(denied, denied, EMPTY_WHATSAPP).endswith("good for WhatsApp.")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=401), GatewayMisconfigured),
        (Answer(status=403), GatewayMisconfigured),
        (Answer(status=404), GatewayMisconfigured),
        (Answer(status=200, body="<html>"), GatewayMisconfigured),
        (Answer(status=400, body="<html>"), GatewayMisconfigured),
        (Answer(status=503), GatewayUnavailable),
    ],
)
def test_the_connection_check_believes_nothing_else(answer, expected):
    with pytest.raises(expected):
        checked(answer, answer, answer)


# ---- Webhooks

BASIC = {"webhook_user": "infobip", "webhook_password": CANARY}


def credentials(user, password):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {token}"}


def verified(headers):
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, headers=headers, body=b"{}")
    account("infobip", **BASIC).verify_webhook(request)


def test_a_webhook_with_the_right_user_and_password_is_let_in():
    verified(credentials("infobip", CANARY))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        credentials("infobip", "another"),
        credentials("another", CANARY),
        {"authorization": "Basic"},
        {"authorization": f"App {CANARY}"},
        {"authorization": "é" * 40},
    ],
)
def test_a_webhook_without_them_is_refused_where_they_are_set_up(headers):
    with pytest.raises(WebhookRefused) as problem:
        verified(headers)

    assert CANARY not in str(problem.value)


@pytest.mark.parametrize("results", [None, "none", {"messageId": MESSAGE_ID}])
def test_results_that_are_no_list_go_to_the_inbox(results):
    request = WebhookRequest(
        method="POST", url=WEBHOOK_URL, body=json.dumps({"results": results}).encode()
    )

    (update,) = account("infobip").parse_webhook(request)

    assert update.status is None


def test_a_time_without_zone_is_none():
    result = {"messageId": MESSAGE_ID, "seenAt": "2026-09-08T10:32:25"}
    request = WebhookRequest(
        method="POST", url=WEBHOOK_URL, body=json.dumps({"results": [result]}).encode()
    )

    (update,) = account("infobip").parse_webhook(request)

    assert update.occurred_at is None


# ---- The configuration


@pytest.mark.parametrize("name", ["webhook_user", "webhook_password"])
def test_the_webhook_s_user_and_password_come_together(name):
    with pytest.raises(ValidationError) as problem:
        validate_config(Infobip, {**CONFIGS["infobip"], name: CANARY})

    assert CANARY not in str(problem.value)


@pytest.mark.parametrize("batch", [0, 101])
def test_a_batch_has_its_limits(batch):
    with pytest.raises(ValidationError):
        validate_config(Infobip, {**CONFIGS["infobip"], "batch": batch})
