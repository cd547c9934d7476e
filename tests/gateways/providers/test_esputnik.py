import base64
import json

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.esputnik import ESputnik
from gateways.providers.registry import validate_config
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

REQUEST_ID = "3ff28330-f8ef-4636-92ac-86345c16995e"
BASIC = "Basic " + base64.b64encode(f"gatehouse:{CANARY}".encode()).decode()
TAKEN = {
    "id": "0",
    "results": {"id": "0", "locator": EMAIL, "status": "OK", "requestId": REQUEST_ID},
}
PREPARED = {"mode": "prepared", "prepared_id": "12345"}
EVENT = {"mode": "event", "event_type_key": "offer"}


def sent(channel, account_changes=(), **changes):
    """The path and body of the request, as a real server is sent them."""
    with http_peer(lambda asked: Answer(200, TAKEN)) as peer:
        provider = account("esputnik", base_url=peer.url, **dict(account_changes))
        http_client().perform(provider.call([message(channel, **changes)]))
        (asked,) = peer.asked
    assert asked.method == "POST"
    assert asked.headers["authorization"] == BASIC
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-gatehouse-message-id"] == MESSAGE_ID
    return asked.path, asked.json


def outcome(body, status=200, channel=Channel.EMAIL, **changes):
    answer = HttpAnswer(status=status, body=json.dumps(body).encode())
    (result,) = account("esputnik", **changes).results([message(channel)], answer)
    return result


# ---- Messages themselves


def test_a_mail_is_written_as_documented():
    assert sent(Channel.EMAIL) == (
        "/v1/message/email",
        {
            "from": '"Amazing" <noreply@amazing.co>',
            "subject": "The best offer",
            "emails": [EMAIL],
            "htmlText": "<p>Best offer ever</p>",
            "plainText": "Best offer ever",
            "externalRequestId": MESSAGE_ID,
        },
    )


def test_a_text_message_is_written_as_documented():
    assert sent(Channel.SMS) == (
        "/v1/message/sms",
        {
            "from": "Amazing",
            "text": "Best offer ever",
            "phoneNumbers": [PHONE.removeprefix("+")],
            "externalRequestId": MESSAGE_ID,
        },
    )


def test_a_viber_message_is_written_like_a_text_message():
    path, body = sent(Channel.VIBER)

    assert path == "/v1/message/viber"
    assert (body["text"], body["phoneNumbers"]) == ("Best offer ever", [PHONE.removeprefix("+")])


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.yespo.io/api/", "https://api.yespo.io/api/v1/message/sms"),
        ("https://yespo.io/api/v1", "https://yespo.io/api/v1/message/sms"),
        ("https://esputnik.com/api/v1/", "https://esputnik.com/api/v1/message/sms"),
    ],
)
def test_every_way_to_write_the_base_url_leads_to_the_same_path(base, url):
    assert account("esputnik", base_url=base).call([message(Channel.SMS)]).url == url


@pytest.mark.parametrize(
    ("sender", "written"),
    [
        ("noreply@amazing.co", "noreply@amazing.co"),
        (r'"A \"B\" C" <noreply@amazing.co>', r'"A \"B\" C" <noreply@amazing.co>'),
    ],
)
def test_a_sender_keeps_its_name(sender, written):
    assert sent(Channel.EMAIL, sender=sender)[1]["from"] == written


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_nothing_is_sent_without_a_sender(channel):
    with pytest.raises(GatewayMisconfigured):
        account("esputnik").call([message(channel, sender="")])


@pytest.mark.parametrize(("choice", "expected"), [("yes", True), ("no", False)])
def test_links_are_tracked_as_the_operator_chose(choice, expected):
    assert sent(Channel.EMAIL, {"track_links": choice})[1]["trackLinks"] is expected


def test_html_that_velocity_could_change_is_written_so_that_it_cannot():
    _, body = sent(Channel.EMAIL, html="<p>$name for 5$ #1 #if</p>", text="Hi $name")

    assert body["htmlText"] == "<p>&#36;name for 5$ #1 &#35;if</p>"
    assert "plainText" not in body


@pytest.mark.parametrize(
    ("channel", "changes"),
    [
        (Channel.SMS, {"text": "Hi ${name}"}),
        (Channel.VIBER, {"text": "#set($a = 1)"}),
        (Channel.EMAIL, {"subject": "For $name"}),
        (Channel.EMAIL, {"html": "", "text": "Hi $name"}),
        (Channel.EMAIL, {"html": "<style>$x</style>"}),
    ],
)
def test_what_velocity_could_change_and_cannot_be_written_otherwise_is_refused(channel, changes):
    with pytest.raises(MessageRejected) as refused:
        account("esputnik").call([message(channel, **changes)])

    assert "name" not in refused.value.detail.replace("a $ before a name", "")


def test_what_will_be_refused_is_known_when_a_message_is_accepted():
    assert "template" in account("esputnik").content_problem(Channel.SMS, "Hi $name", "")
    assert account("esputnik").content_problem(Channel.EMAIL, "$name", "<p>$name</p>") is None
    assert account("esputnik", **PREPARED).content_problem(Channel.SMS, "Hi $name", "") is None
    assert account("esputnik").content_problem(Channel.CUSTOM_IM, "Hi $name", "") is None


# ---- Prepared messages


def test_a_prepared_message_is_given_its_parameters_as_a_json_string():
    path, body = sent(Channel.EMAIL, PREPARED)

    (recipient,) = body.pop("recipients")
    assert path == "/v1/message/12345/smartsend"
    assert body == {"email": True, "fromName": "Amazing"}
    assert json.loads(recipient.pop("jsonParam")) == {
        "subject": "The best offer",
        "text": "Best offer ever",
        "html": "<p>Best offer ever</p>",
    }
    assert recipient == {"locator": EMAIL, "externalRequestId": MESSAGE_ID}


def test_the_parameters_follow_the_mapping():
    params = {"headline": "extension.title", "land": "properties.country", "none": "extension.no"}
    path, body = sent(
        Channel.CUSTOM_IM,
        PREPARED | {"contact_key": "phone", "params": params | {"id": "ext_message_id"}},
        recipient=Personal(PHONE),
        properties={"country": "DE"},
    )

    (recipient,) = body["recipients"]
    assert (body["email"], recipient["locator"]) == (False, PHONE.removeprefix("+"))
    assert json.loads(recipient["jsonParam"]) == {
        "headline": "Microsoft is raising",
        "land": "DE",
        "id": MESSAGE_ID,
    }


def test_a_prepared_custom_im_needs_an_address():
    with pytest.raises(GatewayMisconfigured):
        account("esputnik", **PREPARED).call([message(Channel.CUSTOM_IM)])


def batch_of(*emails):
    return [
        message(Channel.EMAIL, id=f"id-{number}", recipient=Personal(email))
        for number, email in enumerate(emails)
    ]


def batch_results(answered, *emails):
    provider = account("esputnik", **PREPARED, batch=1000)
    answer = HttpAnswer(status=200, body=json.dumps({"id": 0, "results": answered}).encode())
    return provider.results(batch_of(*emails), answer)


def test_one_call_carries_as_many_recipients_as_configured():
    provider = account("esputnik", **PREPARED, batch=1000)

    body = json.loads(provider.call(batch_of("a@b.example", "c@d.example")).body)

    assert provider.batch_size == 1000
    assert [each["locator"] for each in body["recipients"]] == ["a@b.example", "c@d.example"]
    assert [each["externalRequestId"] for each in body["recipients"]] == ["id-0", "id-1"]


def test_without_that_number_and_for_anything_but_prepared_messages_one_is_sent_at_a_time():
    assert account("esputnik", **PREPARED).batch_size == 1
    assert account("esputnik", batch=1000).batch_size == 1


def test_only_messages_from_one_name_leave_together():
    provider = account("esputnik", **PREPARED, batch=10)
    one, other = (message(Channel.EMAIL, sender=f"{n} <a@b.co>") for n in ("One", "Other"))

    assert provider.batch_key(one) != provider.batch_key(other)


def test_the_results_of_a_batch_are_told_apart_by_their_locators():
    taken, refused, lost = batch_results(
        [
            {"locator": "c@d.example", "status": "ERROR", "message": "no"},
            {"locator": "A@b.example", "status": "OK", "requestId": "r-1"},
        ],
        "a@b.example",
        "c@d.example",
        "e@f.example",
    )

    assert taken == SendResult(provider_id="r-1")
    assert type(refused) is MessageRejected
    assert type(lost) is OutcomeUnknown


def test_the_results_of_a_batch_without_locators_are_told_apart_by_their_order():
    results = batch_results(
        [{"status": "OK", "requestId": "r-1"}, {"status": "OK", "requestId": "r-2"}],
        "a@b.example",
        "a@b.example",
    )

    assert [result.provider_id for result in results] == ["r-1", "r-2"]


# ---- Events


def test_custom_im_becomes_an_event_of_the_customer():
    path, body = sent(Channel.CUSTOM_IM)

    assert path == "/v1/event"
    assert body == {
        "eventTypeKey": "smartico-message",
        "keyValue": "hhu234556",
        "params": [
            {"name": "externalCustomerId", "value": "hhu234556"},
            {"name": "ext_message_id", "value": MESSAGE_ID},
            {"name": "body", "value": "Best offer ever"},
            {"name": "title", "value": "Microsoft is raising"},
        ],
    }


@pytest.mark.parametrize(
    ("key", "address", "value"),
    [("email", EMAIL, EMAIL), ("phone", PHONE, PHONE.removeprefix("+"))],
)
def test_an_event_may_name_its_contact_by_an_address(key, address, value):
    changes = EVENT | {"contact_key": key}

    _, body = sent(Channel.CUSTOM_IM, changes, recipient=Personal(address))

    assert body["keyValue"] == value
    assert {"name": key, "value": value} in body["params"]


def test_custom_im_needs_the_address_that_names_the_contact():
    addressed = {
        key: account("esputnik", contact_key=key).address_channel(Channel.CUSTOM_IM)
        for key in ("externalCustomerId", "email", "phone")
    }

    assert addressed == {
        "externalCustomerId": None,
        "email": Channel.EMAIL,
        "phone": Channel.SMS,
    }
    assert account("esputnik").address_channel(Channel.VIBER) == Channel.VIBER


def test_a_mail_may_be_an_event_too():
    path, body = sent(Channel.EMAIL, EVENT | {"contact_key": "email"})

    assert path == "/v1/event"
    assert body["keyValue"] == EMAIL
    assert {"name": "subject", "value": "The best offer"} in body["params"]


def test_the_parameters_of_an_event_are_text():
    extension = {"urgent": True, "count": 3, "items": [{"a": "b"}], "title": "x"}

    _, body = sent(Channel.CUSTOM_IM, received={"extension": extension})

    values = {each["name"]: each["value"] for each in body["params"]}
    assert (values["urgent"], values["count"], values["title"]) == ("true", "3", "x")
    assert json.loads(values["items"]) == [{"a": "b"}]


@pytest.mark.parametrize("name", ["contactId", "email", "pushToken"])
def test_an_extension_cannot_turn_an_event_to_somebody_else(name):
    changed = message(Channel.CUSTOM_IM, received={"extension": {name: "else"}})

    with pytest.raises(MessageRejected):
        account("esputnik").call([changed])


def test_custom_im_without_an_event_type_is_a_fault_of_the_account():
    with pytest.raises(GatewayMisconfigured):
        account("esputnik", event_type_key=None).call([message(Channel.CUSTOM_IM)])


@pytest.mark.parametrize("body", [b"", b"{}", b'{"status": "OK"}'])
def test_an_event_is_taken_without_an_id(body):
    answer = HttpAnswer(status=200, body=body)

    (result,) = account("esputnik").results([message(Channel.CUSTOM_IM)], answer)

    assert result == SendResult()


def test_an_event_may_be_refused_inside_a_200():
    result = outcome({"status": "ERROR", "message": "no such type"}, channel=Channel.CUSTOM_IM)

    assert type(result) is MessageRejected
    assert result.detail == "no such type"


@pytest.mark.parametrize("body", [["ok"], "ok", 1])
def test_any_other_answer_to_an_event_leaves_the_outcome_unknown(body):
    assert type(outcome(body, channel=Channel.CUSTOM_IM)) is OutcomeUnknown


# ---- Answers


@pytest.mark.parametrize("results", [TAKEN["results"], [TAKEN["results"]]])
def test_the_request_id_is_the_provider_s_id_whether_results_are_one_or_several(results):
    assert outcome({"id": 0, "results": results}) == SendResult(provider_id=REQUEST_ID)


def test_an_error_inside_a_200_is_a_refusal_of_that_address():
    refused = {"id": 0, "locator": "x", "status": "ERROR", "message": "'x' is not valid email"}

    result = outcome({"id": 0, "results": [refused]})

    assert type(result) is MessageRejected
    assert result.detail == "'x' is not valid email"
    assert result.is_permanent


def test_another_error_does_not_blame_the_address():
    result = outcome({"results": {"status": "ERROR", "message": "sender is not confirmed"}})

    assert type(result) is MessageRejected
    assert not result.is_permanent


@pytest.mark.parametrize("result", [{"locator": EMAIL, "status": "OK"}, {}, None, "OK"])
def test_a_locator_is_never_taken_for_an_id(result):
    assert type(outcome({"results": [result]})) is OutcomeUnknown


def test_a_path_that_is_not_there_is_a_fault_of_the_account():
    assert type(outcome({}, status=404)) is GatewayMisconfigured


# ---- What became of messages


def test_several_messages_are_asked_about_at_once():
    with http_peer(lambda asked: Answer(200, {"results": []})) as peer:
        provider = account("esputnik", base_url=peer.url)
        answer = http_client().perform(provider.status_call(["r-1", "r 2,&x=1"]))
        (asked,) = peer.asked

    assert (asked.method, asked.path) == ("GET", "/v1/message/status")
    assert asked.query == {"ids": "r-1,r 2,&x=1"}
    assert asked.headers["authorization"] == BASIC
    assert provider.statuses(answer) == []


def learnt(results):
    answer = HttpAnswer(status=200, body=json.dumps({"results": results}).encode())
    updates = account("esputnik").statuses(answer)
    return [(update.status, update.provider_id, update.word) for update in updates]


@pytest.mark.parametrize(
    ("told", "statuses"),
    [
        ({"status": "DELIVERED", "failed": "false", "delivered": "true"}, [Status.DELIVERED]),
        ({"status": "DELIVERED", "failed": False, "delivered": True}, [Status.DELIVERED]),
        ({"status": "UNDELIVERED", "failed": "true", "delivered": "false"}, [Status.FAILED]),
        ({"status": "READ", "delivered": "true"}, [Status.DELIVERED, Status.OPENED]),
        ({"status": "CLICKED"}, [Status.CLICKED]),
        ({"status": "UNSUBSCRIBED"}, [Status.UNSUBSCRIBED]),
        ({"status": "SPAM"}, [Status.COMPLAINED]),
        ({"status": "SENT", "failed": "false", "delivered": "false"}, []),
        ({"failed": "true"}, [Status.FAILED]),
    ],
)
def test_an_answer_s_word_and_flags_become_statuses(told, statuses):
    word = told.get("status", "")

    assert learnt({**told, "requestId": REQUEST_ID}) == [
        (status, REQUEST_ID, word) for status in statuses
    ]


def test_a_word_that_nobody_knows_is_told_of_its_message_and_its_flags_count():
    told = {"status": "ARRIVED", "requestId": REQUEST_ID, "delivered": "true"}

    assert learnt([told]) == [
        (Status.DELIVERED, REQUEST_ID, "ARRIVED"),
        (None, REQUEST_ID, "ARRIVED"),
    ]


def test_a_word_that_is_said_of_no_message_teaches_nothing():
    assert learnt([{"status": "ARRIVED"}, {"status": "ARRIVED", "requestId": ""}]) == []


def test_a_broken_result_does_not_hide_the_good_ones():
    good = {"status": "DELIVERED", "requestId": REQUEST_ID}

    assert learnt([None, "x", {"status": "DELIVERED"}, good]) == [
        (Status.DELIVERED, REQUEST_ID, "DELIVERED")
    ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (HttpAnswer(status=400, body=b"bad id"), MessageRejected),
        (HttpAnswer(status=401), GatewayMisconfigured),
        (HttpAnswer(status=404), MessageRejected),
        (HttpAnswer(status=429, headers={"retry-after": "7"}), GatewayUnavailable),
        (HttpAnswer(status=200, body=b"<html>"), OutcomeUnknown),
        (HttpAnswer(status=200, body=b"{}"), OutcomeUnknown),
    ],
)
def test_where_nothing_can_be_learnt_it_says_why(answer, problem):
    with pytest.raises(problem):
        account("esputnik").statuses(answer)


def test_nothing_is_asked_about_events():
    assert account("esputnik", **EVENT).poll_size == 0
    assert account("esputnik", **PREPARED).poll_size == account("esputnik").poll_size == 50


# ---- Webhooks


def webhook(user: str, password: str) -> WebhookRequest:
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return WebhookRequest(
        method="POST", url=WEBHOOK_URL, headers={"authorization": f"Basic {credentials}"}
    )


def test_a_webhook_s_user_and_password_are_asked_for_where_configured():
    provider = account("esputnik", webhook_user="yespo", webhook_password=CANARY)

    provider.verify_webhook(webhook("yespo", CANARY))
    for wrong in (
        webhook("yespo", "other"),
        webhook("other", CANARY),
        WebhookRequest(method="POST", url=WEBHOOK_URL),
        WebhookRequest(method="POST", url=WEBHOOK_URL, headers={"authorization": "é"}),
    ):
        with pytest.raises(WebhookRefused):
            provider.verify_webhook(wrong)


def test_a_reported_time_that_names_no_zone_is_not_guessed():
    item = {"activityStatus": "READ", "iid": "i", "activityDateTime": "2023-09-14T08:30:03"}
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, body=json.dumps([item]).encode())

    (update,) = account("esputnik").parse_webhook(request)

    assert update.occurred_at is None


# ---- The account


def test_a_connection_check_says_what_is_left_to_send_with():
    answers = {
        "/v1/account/info": {"organisationName": "Amazing", "userEmail": EMAIL},
        "/v1/balance": {"currentBalance": "12.5", "currency": "UAH"},
    }
    with http_peer(lambda asked: Answer(200, answers[asked.path])) as peer:
        found = account("esputnik", base_url=peer.url).check_connection()

        assert [(asked.method, asked.path) for asked in peer.asked] == [
            ("GET", "/v1/account/info"),
            ("GET", "/v1/balance"),
        ]
        assert {asked.headers["authorization"] for asked in peer.asked} == {BASIC}
    assert found == "eSputnik took the key. Balance: 12.5 UAH."


def test_an_account_whose_balance_is_not_shown_is_connected_all_the_same():
    with http_peer(lambda a: Answer(200 if "info" in a.path else 403, {})) as peer:
        assert account("esputnik", base_url=peer.url).check_connection() == (
            "eSputnik took the key."
        )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(401), GatewayMisconfigured),
        (Answer(404), GatewayMisconfigured),
        (Answer(200, "<html>"), GatewayMisconfigured),
        (Answer(503), GatewayUnavailable),
    ],
)
def test_a_connection_check_says_what_is_wrong(answer, problem):
    with http_peer(lambda asked: answer) as peer, pytest.raises(problem):
        account("esputnik", base_url=peer.url).check_connection()


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "prepared"},
        {"mode": "event", "event_type_key": ""},
        {"prepared_id": "1/../2"},
        {"webhook_user": "yespo"},
        {"params": {"title": "nonsense"}},
        {"params": {"title": 1}},
        {"params": ["title"]},
        {"batch": 1001},
        {"batch": 0},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changes):
    with pytest.raises(ValidationError):
        validate_config(ESputnik, {**CONFIGS["esputnik"], **changes})


def test_a_mapping_is_kept():
    params = {"title": "extension.title"}

    kept = validate_config(ESputnik, {**CONFIGS["esputnik"], "params": params})

    assert kept["params"] == params
