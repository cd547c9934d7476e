import json

import pytest

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
)
from gateways.providers.sandbox import scenario
from tests.gateways.providers.canaries import EMAIL, MESSAGE_ID, PHONE
from tests.gateways.providers.examples import account, message


def sent(word, channel=Channel.SMS):
    return account("sandbox").send(message(channel, properties={"sandbox": word}))


def reported(word):
    return [(update.status, update.after) for update in sent(word).updates]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [("delivered", 0.2)]),
        ("no such word", [("delivered", 0.2)]),
        ("opened", [("delivered", 0.2), ("opened", 0.4)]),
        ("clicked", [("delivered", 0.2), ("opened", 0.4), ("clicked", 0.6)]),
        ("complained", [("delivered", 0.2), ("complained", 0.4)]),
        ("unsubscribed", [("delivered", 0.2), ("unsubscribed", 0.4)]),
        ("failed", [("failed", 0.2)]),
        ("late", [("delivered", 30.0)]),
        ("duplicate", [("delivered", 0.2), ("delivered", 0.4)]),
        ("out_of_order", [("opened", 0.2), ("delivered", 0.4)]),
        ("never", []),
        ("late, opened", [("delivered", 30.0), ("opened", 30.2)]),
        ("clicked out_of_order", [("clicked", 0.2), ("opened", 0.4), ("delivered", 0.6)]),
        ("opened unsubscribed", [("delivered", 0.2), ("opened", 0.4), ("unsubscribed", 0.6)]),
    ],
)
def test_it_reports_what_the_scenario_says(words, expected):
    assert reported(words) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("rejected", MessageRejected),
        ("unavailable", GatewayUnavailable),
        ("misconfigured", GatewayMisconfigured),
        ("unknown", OutcomeUnknown),
        ("opened, rejected", MessageRejected),
    ],
)
def test_it_refuses_what_the_scenario_says(word, expected):
    with pytest.raises(expected):
        sent(word)


@pytest.mark.parametrize(
    "value", ["opened,late", " Opened  LATE ", ["opened", "late"], ["opened late", 7]]
)
def test_the_words_may_be_written_in_any_usual_way(value):
    assert scenario(value) == {"opened", "late"}


@pytest.mark.parametrize("value", [None, 7, True, {"opened": True}, []])
def test_a_property_that_is_no_text_is_no_scenario(value):
    assert scenario(value) == frozenset()


def test_its_reports_name_the_message_by_both_ids():
    result = sent("opened")

    assert result.provider_id == f"sandbox-{MESSAGE_ID}"
    assert {update.message_id for update in result.updates} == {MESSAGE_ID}
    assert {update.provider_id for update in result.updates} == {result.provider_id}


def test_it_keeps_the_whole_mail():
    kept = account("sandbox").send(message(Channel.EMAIL, reply_to="help@amazing.co")).rendered

    for part in (
        EMAIL,
        "Amazing <noreply@amazing.co>",
        "help@amazing.co",
        "The best offer",
        "Best offer ever",
        "<p>Best offer ever</p>",
    ):
        assert part in kept


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VIBER, Channel.WHATSAPP, Channel.RCS])
def test_it_keeps_the_whole_message_to_a_number(channel):
    kept = sent("", channel).rendered

    assert PHONE in kept
    assert "From: Amazing" in kept
    assert "Best offer ever" in kept


def test_it_keeps_the_whole_custom_im():
    kept = sent("", Channel.CUSTOM_IM).rendered

    assert "hhu234556" in kept
    assert "Microsoft is raising" in kept


def test_what_it_kept_shows_in_no_repr():
    assert PHONE not in repr(sent(""))


def test_it_can_tell_every_status():
    words = "opened clicked complained unsubscribed"
    told = {status for status, _ in reported(words)} | {status for status, _ in reported("failed")}

    assert told | {Status.ACCEPTED, Status.REJECTED} == account("sandbox").reports


def test_its_connection_is_always_there():
    assert "sandbox" in account("sandbox").check_connection()


def test_received_requests_are_kept_as_readable_json():
    kept = sent("", Channel.CUSTOM_IM).rendered

    assert json.loads(kept[kept.index("{") :])["extension"] == {"title": "Microsoft is raising"}
