"""What Webex Connect is sent, option by option, by a real call to a server on loopback."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway_project.lib.http import http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import GatewayMisconfigured, MessageRejected, SendResult
from gateways.providers.marks import marked
from gateways.providers.registry import validate_config
from gateways.providers.webex_connect import WebexConnect
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import account, message
from tests.peers import Answer, http_peer

NOW = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
DIGITS = PHONE.removeprefix("+")
TAKEN = {"messageId": "6b0b7b3c-57a0-4a3e-8a51-0f3f4f2d6c11", "status": "queued"}
COMMON = {"callbackData": MESSAGE_ID, "notifyUrl": marked(WEBHOOK_URL)}
SMS_RECEIPTS = ["SUBMITTED", "DELIVERED", "UNDELIVERED", "FAILED"]
SMS = COMMON | {
    "channel": "sms",
    "from": "Amazing",
    "to": [{"msisdn": [DIGITS], "correlationId": MESSAGE_ID}],
    "content": {"type": "text", "text": "Best offer ever"},
    "requestedReceipts": SMS_RECEIPTS,
}
MAIL_RECEIPTS = [
    *("SUBMITTED", "DELIVERED", "NOT VERIFIED", "INVALID"),
    *("BOUNCED", "COMPLAINT", "READ", "FAILED"),
]
MAIL = COMMON | {
    "channel": "email",
    "from": "noreply@amazing.co",
    "to": [{"email": [EMAIL], "correlationId": MESSAGE_ID}],
    "options": {"trackClicks": False, "trackOpens": False, "fromName": "Amazing"},
    "content": {
        "type": "html",
        "subject": "The best offer",
        "html": "<p>Best offer ever</p>",
        "text": "Best offer ever",
    },
    "requestedReceipts": MAIL_RECEIPTS,
}
RCS = COMMON | {
    "channel": "rcs",
    "from": "Amazing",
    "to": [{"msisdn": [PHONE], "correlationId": MESSAGE_ID}],
    "content": {"type": "text", "text": "Best offer ever"},
    "requestedReceipts": ["SUBMITTED", "DELIVERED", "READ", "FAILED"],
}


def asked_for(channel: Channel, config: dict | None = None, **changes) -> dict:
    """What a real server was asked, by an account whose configuration passed the form."""
    given = account("webex_connect").config | (config or {})
    config = validate_config(WebexConnect, given)
    with http_peer(lambda asked: Answer(status=201, body=TAKEN)) as peer:
        provider = account("webex_connect", **config | {"base_url": peer.url})
        outgoing = message(channel, **changes)
        answer = http_client().perform(provider.call([outgoing]))
    (asked,) = peer.asked
    assert (asked.method, asked.path) == ("POST", "/v2/messages")
    assert asked.headers["key"] == CANARY
    assert provider.results([outgoing], answer) == [SendResult(provider_id=TAKEN["messageId"])]
    return asked.json


def refused(channel: Channel, config: dict | None = None, **changes) -> str:
    with pytest.raises(MessageRejected) as problem:
        account("webex_connect", **(config or {})).call([message(channel, **changes)])
    return problem.value.detail


# ---- SMS


def test_a_text_message_alone():
    assert asked_for(Channel.SMS) == SMS


def test_links_are_shortened_and_clicks_tracked():
    config = {"shorten_links": True, "track_clicks": True, "domain": "https://me.example"}

    assert asked_for(Channel.SMS, config) == SMS | {
        "options": {"shortenLinks": True, "trackClicks": True, "domain": "https://me.example"},
        "requestedReceipts": [*SMS_RECEIPTS, "CLICKED"],
    }


def test_a_text_for_india_names_its_template():
    config = {"dlt_template_id": "123456789", "domain": "https://me.example"}

    assert asked_for(Channel.SMS, config) == SMS | {
        "options": {"domain": "https://me.example", "extras": {"dlt_templateid": "123456789"}}
    }


def test_smart_links_and_a_priority_stand_beside():
    config = {"smart_links": [{"smartlinkId": 5, "validity": 30}], "priority": "3"}

    assert asked_for(Channel.SMS, config) == SMS | {
        "smartlinks": [{"smartlinkId": 5, "validity": 30}],
        "priority": "3",
    }


def test_a_template_takes_the_place_of_the_content_and_has_its_variables():
    config = {
        "template_id": "t-1",
        "substitutions": {
            "name": "{{ properties.name }}",
            "none": "{{ properties.none }}",
            "text": "{{ message.text }}!",
        },
    }
    expected = {name: each for name, each in SMS.items() if name != "content"}
    expected["template"] = {"id": "t-1"}
    expected["to"] = [
        SMS["to"][0] | {"substitutions": {"name": "Ann", "none": "", "text": "Best offer ever!"}}
    ]

    assert asked_for(Channel.SMS, config, properties={"name": "Ann"}) == expected


def test_a_variable_of_a_template_cannot_bring_another_one():
    config = {"template_id": "t-1", "substitutions": {"name": "{{ properties.name }}"}}

    assert "variable" in refused(Channel.SMS, config, properties={"name": "$(secret)"})


def test_of_a_template_no_content_is_looked_at():
    provider = account("webex_connect", template_id="t-1")

    assert provider.content_problem(Channel.SMS, "$(" * 1025, "") is None


# ---- When


@time_machine.travel(NOW, tick=False)
def test_the_end_can_be_told_as_a_moment():
    until = NOW + timedelta(minutes=10)

    assert asked_for(Channel.SMS, {"expiry": "expireAt"}, expires_at=until) == SMS | {
        "expireAt": "2026-09-08T08:10:00.000Z"
    }


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    "told", ["2026-09-09T08:00:00+00:00", "2026-09-09T10:00:00.000+02:00", "1788940800"]
)
def test_a_message_is_sent_when_it_says_and_its_end_is_a_moment(told):
    until = NOW + timedelta(days=6)
    body = asked_for(
        Channel.SMS,
        {"send_at": "{{ properties.at }}"},
        properties={"at": told},
        expires_at=until,
    )

    assert body == SMS | {
        "sendAt": "2026-09-09T08:00:00.000Z",
        "expireAt": "2026-09-12T08:00:00.000Z",
    }


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("told", [None, "", "2026-09-08T07:59:59Z", 1788850000])
def test_a_time_that_is_not_given_or_over_means_now(told):
    body = asked_for(Channel.SMS, {"send_at": "{{ properties.at }}"}, properties={"at": told})

    assert body == SMS


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    "told",
    ["soon", "2026-09-09T08:00:00", "2026-09-16T08:00:00Z", "2026-09-11T00:00:00Z", "9" * 40],
)
def test_a_time_that_cannot_be_kept_is_refused(told):
    assert refused(
        Channel.SMS,
        {"send_at": "{{ properties.at }}"},
        properties={"at": told},
        expires_at=NOW + timedelta(days=2),
    )


# ---- E-mail


def test_a_mail_alone():
    assert asked_for(Channel.EMAIL) == MAIL


def test_a_mail_that_is_tracked_answered_elsewhere_and_has_an_attachment():
    config = {
        "track_opens": True,
        "track_clicks": True,
        "attachments": [
            {
                "mimeType": "image/png",
                "name": "wings",
                "mediaUrl": "https://cdn.example/{{ properties.offer }}.png",
            },
            {"mimeType": "text/plain", "name": "none", "mediaUrl": "{{ properties.none }}"},
        ],
    }
    body = asked_for(
        Channel.EMAIL, config, reply_to="help@amazing.co", properties={"offer": "wings"}
    )

    assert body == MAIL | {
        "options": {"trackClicks": True, "trackOpens": True, "fromName": "Amazing"},
        "content": MAIL["content"]
        | {
            "replyTo": "help@amazing.co",
            "attachments": [
                {
                    "mimeType": "image/png",
                    "name": "wings",
                    "mediaUrl": "https://cdn.example/wings.png",
                }
            ],
        },
        "requestedReceipts": [*MAIL_RECEIPTS, "CLICKED"],
    }


def test_a_mail_of_text_alone_from_a_bare_address():
    body = asked_for(Channel.EMAIL, html="", sender="noreply@amazing.co")

    assert body == MAIL | {
        "options": {"trackClicks": False, "trackOpens": False},
        "content": {"type": "text", "subject": "The best offer", "text": "Best offer ever"},
    }


def test_a_variable_in_html_is_written_as_a_character_reference():
    html = '<a href="https://a.co/$(x)">$(name) ${y} 5$</a>'

    assert asked_for(Channel.EMAIL, html=html)["content"]["html"] == (
        '<a href="https://a.co/&#36;(x)">&#36;(name) &#36;{y} 5$</a>'
    )


@pytest.mark.parametrize("html", ["<script>$(x)</script>", "<STYLE>a{b:'${c}'}</style>"])
def test_where_no_character_reference_helps_the_mail_is_refused(html):
    assert "variable" in account("webex_connect").content_problem(Channel.EMAIL, "", html)
    assert "variable" in refused(Channel.EMAIL, html=html)


def test_a_plain_part_with_a_variable_is_left_out_and_a_plain_mail_refused():
    assert "text" not in asked_for(Channel.EMAIL, text="$(name)")["content"]
    assert "variable" in refused(Channel.EMAIL, html="", text="$(name)")
    assert "variable" in account("webex_connect").content_problem(Channel.EMAIL, "$(name)", "")


@pytest.mark.parametrize(
    "changes", [{"subject": "Hi $(name)"}, {"sender": '"$(name)" <noreply@amazing.co>'}]
)
def test_a_subject_or_a_name_with_a_variable_is_refused(changes):
    assert "variable" in refused(Channel.EMAIL, **changes)


def test_html_is_measured_as_it_leaves():
    provider = account("webex_connect")

    assert provider.content_problem(Channel.EMAIL, "", "x" * 350_000) is None
    assert "350000" in provider.content_problem(Channel.EMAIL, "", "x" * 349_998 + "$(")


@pytest.mark.parametrize("url", ["http://a.co/x", "https://u:p@a.co/x", "file:///etc/passwd", "x"])
def test_an_attachment_comes_from_an_https_url_only(url):
    attachment = {"mimeType": "a/b", "name": "x", "mediaUrl": "{{ properties.url }}"}

    assert "https" in refused(Channel.EMAIL, {"attachments": [attachment]}, properties={"url": url})


def test_a_from_that_is_no_mailbox_is_refused():
    assert refused(Channel.EMAIL, sender="a@b.co, c@d.co")


# ---- RCS


def test_an_rcs_text_alone():
    assert asked_for(Channel.RCS) == RCS


def test_rcs_falls_back_to_an_sms_with_the_same_text():
    config = {"sms_fallback": True, "sms_sender_id": "AMZ", "carrier_id": "41"}

    assert asked_for(Channel.RCS, config) == RCS | {
        "options": {
            "smsFallback": True,
            "smsSenderId": "AMZ",
            "text": "Best offer ever",
            "carrierId": "41",
        }
    }


def test_or_with_a_text_of_its_own():
    config = {
        "sms_fallback": True,
        "sms_sender_id": "AMZ",
        "fallback_text": "Hi {{ properties.name }}",
    }
    body = asked_for(Channel.RCS, config, properties={"name": "Ann"})

    assert body["options"]["text"] == "Hi Ann"


def test_what_falls_back_is_as_short_as_an_sms():
    fallback = {"sms_fallback": True, "sms_sender_id": "AMZ"}
    own_text = fallback | {"fallback_text": "Short"}

    assert account("webex_connect").content_problem(Channel.RCS, "x" * 3072, "") is None
    assert "1024" in account("webex_connect", **fallback).content_problem(
        Channel.RCS, "x" * 1025, ""
    )
    assert account("webex_connect", **own_text).content_problem(Channel.RCS, "x" * 3072, "") is None
    assert "1024" in refused(Channel.RCS, fallback, text="x" * 1025)


def custom_im(**extension) -> dict:
    return {"recipient": Personal(PHONE), "received": {"extension": extension}}


def test_custom_im_goes_to_the_phone_from_the_configured_agent():
    assert account("webex_connect").address_channel(Channel.CUSTOM_IM) == Channel.RCS
    assert asked_for(Channel.CUSTOM_IM, recipient=Personal(PHONE)) == RCS | {
        "from": "a_156887855308557980"
    }


def test_custom_im_without_an_agent_is_misconfigured():
    with pytest.raises(GatewayMisconfigured):
        account("webex_connect", rcs_app_id=None).call(
            [message(Channel.CUSTOM_IM, recipient=Personal(PHONE))]
        )


AS_MAIL = {
    "custom_im_as": "email",
    "mail_from": "Amazing <noreply@amazing.co>",
    "mail_subject": "News: {{ extension.title }}",
}


def im_for_a_mail(**extension) -> dict:
    return custom_im(**extension) | {"recipient": Personal(EMAIL)}


def test_custom_im_can_leave_as_a_mail_with_what_its_extension_holds():
    attachment = {"mimeType": "image/png", "name": "wings", "mediaUrl": "{{ extension.picture }}"}
    given = im_for_a_mail(title="Wings", picture="https://cdn.example/wings.png")
    body = asked_for(Channel.CUSTOM_IM, AS_MAIL | {"attachments": [attachment]}, **given)

    assert body == MAIL | {
        "content": {
            "type": "text",
            "subject": "News: Wings",
            "text": "Best offer ever",
            "attachments": [attachment | {"mediaUrl": "https://cdn.example/wings.png"}],
        },
    }


def test_custom_im_as_a_mail_goes_to_the_e_mail_address_and_keeps_the_limits_of_mails():
    provider = account("webex_connect", **AS_MAIL)

    assert provider.address_channel(Channel.CUSTOM_IM) == Channel.EMAIL
    assert provider.content_problem(Channel.CUSTOM_IM, "x" * 5000, "") is None
    assert "variable" in provider.content_problem(Channel.CUSTOM_IM, "$(name)", "")


def test_the_subject_of_custom_im_stays_on_one_line_whatever_the_extension_holds():
    body = asked_for(Channel.CUSTOM_IM, AS_MAIL, **im_for_a_mail(title="A\r\nBcc: b@c.co\u2028!"))

    assert body["content"]["subject"] == "News: A Bcc: b@c.co !"


@pytest.mark.parametrize("extension", [{}, {"title": ""}, {"title": " \n "}])
def test_custom_im_without_anything_for_a_subject_is_refused(extension):
    config = AS_MAIL | {"mail_subject": "{{ extension.title }}"}

    assert "subject" in refused(Channel.CUSTOM_IM, config, **im_for_a_mail(**extension))


def test_custom_im_without_the_from_of_its_mail_is_misconfigured():
    with pytest.raises(GatewayMisconfigured) as problem:
        account("webex_connect", custom_im_as="email").call(
            [message(Channel.CUSTOM_IM, **im_for_a_mail())]
        )

    assert "From" in problem.value.detail


def test_extension_fields_become_a_card():
    config = {
        "rcs_content": {
            "type": "standalone",
            "richCard": {
                "title": "{{ extension.title }}",
                "description": "{{ extension.none }}",
                "orientation": "VERTICAL",
                "media": {"height": "TALL", "url": "{{ extension.picture }}"},
                "suggestions": [
                    {"type": "reply", "displayText": "{{ extension.yes }}", "postbackData": "y"},
                    {"type": "reply", "displayText": "{{ extension.none }}", "postbackData": "n"},
                ],
            },
        }
    }
    body = asked_for(
        Channel.CUSTOM_IM,
        config,
        **custom_im(title='A "title"', picture="https://cdn.example/a.png", yes="Yes"),
    )

    assert body["content"] == {
        "type": "standalone",
        "richCard": {
            "title": 'A "title"',
            "orientation": "VERTICAL",
            "media": {"height": "TALL", "url": "https://cdn.example/a.png"},
            "suggestions": [{"type": "reply", "displayText": "Yes", "postbackData": "y"}],
        },
    }


def test_a_value_with_a_variable_never_gets_into_a_card():
    config = {"rcs_content": {"type": "standalone", "richCard": {"title": "{{ extension.title }}"}}}

    assert "variable" in refused(Channel.CUSTOM_IM, config, **custom_im(title="$(name)"))
