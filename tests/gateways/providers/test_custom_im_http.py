import json

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, TransportError, http_client
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    ID_HEADER,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
)
from gateways.providers.custom_im_http import CustomImHttp
from gateways.providers.registry import validate_config
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, STATUS_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

MESSAGE = message(Channel.CUSTOM_IM)


def outcome(**answer):
    (result,) = account("custom_im_http").results([MESSAGE], HttpAnswer(**answer))
    return result


def told(body: object):
    return outcome(status=200, body=json.dumps(body).encode())


def test_the_relayed_body_is_the_one_received_but_for_the_callback_url():
    received = {
        "ext_user_id": 7,
        "from_number": None,
        "body": 'She said: "{{name}} ${x}"\u2028 😀',
        "callback_url": "https://api.smartico.ai/callback",
        "extension": {"title": "", "urgent": True, "nested": [1, 2.5, {"a": None}]},
        "seen_nowhere_before": ["x"],
    }
    call = account("custom_im_http").call([message(Channel.CUSTOM_IM, received=received)])

    assert json.loads(call.body) == {**received, "callback_url": STATUS_URL}


def test_a_request_of_the_older_contract_is_given_a_callback_url():
    call = account("custom_im_http").call(
        [message(Channel.CUSTOM_IM, received={"ext_user_id": "7", "im_uid": "u"})]
    )

    assert json.loads(call.body)["callback_url"] == STATUS_URL


def test_the_headers_are_the_configured_ones_and_ours():
    call = account("custom_im_http").call([MESSAGE])

    assert call.headers == {
        "Authorization": CANARY,
        "X-Tenant": CANARY,
        "Content-Type": "application/json",
        ID_HEADER: MESSAGE_ID,
    }


def test_a_centre_without_authorization_is_sent_none():
    call = account("custom_im_http", authorization=None, headers=None).call([MESSAGE])

    assert set(call.headers) == {"Content-Type", ID_HEADER}


@pytest.mark.parametrize(
    ("body", "provider_id"),
    [
        ({"error_code": 0, "ext_message_id": "centre-1"}, "centre-1"),
        ({"error_code": "0", "ext_message_id": 17}, "17"),
        ({"error_code": None, "ext_message_id": "centre-1"}, "centre-1"),
        ({"ext_message_id": "centre-1"}, "centre-1"),
        ({"error_code": 0}, None),
        ({"error_code": 0, "ext_message_id": {}}, None),
    ],
)
def test_an_error_code_of_0_or_else_an_id_is_acceptance(body, provider_id):
    result = told(body)

    assert isinstance(result, SendResult)
    assert result.provider_id == provider_id


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_empty_2xx_says_nothing_and_leaves_the_outcome_unknown(status):
    assert type(outcome(status=status)) is OutcomeUnknown


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ok": True},
        {"error": "invalid token"},
        {"error_message": "the service is down"},
        {"error_code": None, "ext_message_id": ""},
        {"error_code": -1, "error_message": "the service is down"},
        {"error_code": "-1", "ext_message_id": "centre-1"},
    ],
)
def test_without_a_yes_of_the_contract_nothing_is_taken_for_accepted(body):
    assert type(told(body)) is OutcomeUnknown


def test_the_trailing_comma_of_the_documented_answer_is_tolerated():
    result = outcome(status=200, body=b'{"error_code": 0, "ext_message_id": "centre-1",}')

    assert result.provider_id == "centre-1"


@pytest.mark.parametrize("code", [1, "1", 50, 30, 99])
def test_an_error_code_above_0_is_a_rejection_with_its_reason(code):
    result = told({"error_code": code, "error_message": "User was not found"})

    assert type(result) is MessageRejected
    assert "User was not found" in result.detail


@pytest.mark.parametrize("code", ["none", [], {}, float("inf"), float("nan")])
def test_an_error_code_that_is_no_number_leaves_the_outcome_unknown(code):
    assert type(told({"error_code": code})) is OutcomeUnknown


@pytest.mark.parametrize("status", [404, 405])
def test_a_missing_path_is_the_configuration_s_fault_and_burns_no_message(status):
    assert type(outcome(status=status)) is GatewayMisconfigured


def test_a_real_centre_is_sent_the_request_and_believed():
    with http_peer(lambda asked: Answer(body={"error_code": 0, "ext_message_id": "c-1"})) as peer:
        provider = account("custom_im_http", url=f"{peer.url}/messages?tenant=a")
        answer = http_client().perform(provider.call([MESSAGE]))

    (result,) = provider.results([MESSAGE], answer)
    (asked,) = peer.asked
    assert result == SendResult(provider_id="c-1")
    assert (asked.method, asked.path, asked.query) == ("POST", "/messages", {"tenant": "a"})
    assert asked.headers["authorization"] == CANARY
    assert asked.headers[ID_HEADER.lower()] == MESSAGE_ID
    assert asked.json == {**MESSAGE.received, "callback_url": STATUS_URL}


def test_a_real_centre_that_hangs_up_leaves_no_answer():
    with http_peer(lambda asked: Answer(hang_up=True)) as peer:
        call = account("custom_im_http", url=peer.url).call([MESSAGE])
        with pytest.raises(TransportError) as error:
            http_client().perform(call)

    assert CANARY not in str(error.value)


@pytest.mark.parametrize("status", [200, 204, 404, 405, 501])
def test_the_connection_check_posts_nothing(status):
    with http_peer(lambda asked: Answer(status=status)) as peer:
        found = account("custom_im_http", url=peer.url).check_connection()

    assert str(status) in found
    assert [asked.method for asked in peer.asked] == ["HEAD"]
    assert peer.asked[0].headers["authorization"] == CANARY


@pytest.mark.parametrize("status", [301, 401, 403, 503])
def test_the_connection_check_tells_what_would_not_work(status):
    with http_peer(lambda asked: Answer(status=status)) as peer:
        provider = account("custom_im_http", url=peer.url)
        with pytest.raises((GatewayMisconfigured, GatewayUnavailable)):
            provider.check_connection()


def test_the_connection_check_finds_nobody_listening():
    with http_peer() as gone:
        pass

    with pytest.raises(GatewayUnavailable):
        account("custom_im_http", url=gone.url).check_connection()


@pytest.mark.parametrize("name", ["Host", "Authorization", "content-type", ID_HEADER, "TE"])
def test_a_header_of_ours_cannot_be_configured(name):
    with pytest.raises(ValidationError) as refused:
        validate_config(CustomImHttp, {**CONFIGS["custom_im_http"], "headers": {name: CANARY}})

    assert list(refused.value.message_dict) == ["headers"]
    assert CANARY not in str(refused.value)


def test_it_can_tell_every_status():
    assert CustomImHttp.reports == frozenset(Status)
