"""The "From" config: which sender a message leaves with."""

import pytest

from gateway_project.lib.vocabulary import Channel
from gateways.models.gateway import UnknownSender
from gateways.senders import SenderRefused, choose_sender
from tests.gateways.plain import gateway

DEFAULT = UnknownSender.DEFAULT.value
REFUSE = UnknownSender.REFUSE.value


def sms(**changes):
    return gateway(from_default="Amazing", from_allowed=("Amazing", "AmazingVIP"), **changes)


def mail(**changes):
    return gateway(channel=Channel.EMAIL, from_default="Amazing <noreply@amazing.co>", **changes)


def test_without_a_request_the_default_is_taken():
    assert choose_sender(sms(), "").sender == "Amazing"
    assert choose_sender(gateway(from_allowed=("First", "Second")), "").sender == "First"
    assert choose_sender(gateway(), "").sender == ""


def test_a_listed_sender_is_taken_without_a_note():
    choice = choose_sender(sms(unknown_sender=REFUSE), "AmazingVIP")
    assert (choice.sender, choice.note) == ("AmazingVIP", "")


def test_an_unlisted_sender_is_refused_or_replaced_with_a_note():
    with pytest.raises(SenderRefused):
        choose_sender(sms(unknown_sender=REFUSE), "Evil")
    choice = choose_sender(sms(unknown_sender=DEFAULT), "Evil")
    assert choice.sender == "Amazing"
    assert "Evil" not in choice.note
    assert choice.note


def test_where_there_is_no_default_an_unlisted_sender_is_refused():
    with pytest.raises(SenderRefused):
        choose_sender(gateway(unknown_sender=DEFAULT), "far too long for one")


@pytest.mark.parametrize("sender", ["Amazing", "A.B C-D_E&", "+4915112345678", "12345"])
def test_without_a_list_any_sender_id_goes(sender):
    assert choose_sender(gateway(unknown_sender=REFUSE), sender).sender == sender


@pytest.mark.parametrize("sender", ["AmazingTwelv", "12", "1234567890123456", "+", "Ämazing", " "])
def test_what_no_network_takes_is_no_sender_id(sender):
    with pytest.raises(SenderRefused):
        choose_sender(gateway(unknown_sender=REFUSE), sender)


@pytest.mark.parametrize(
    ("listed", "is_taken"),
    [
        ("Other Name <NoReply@amazing.co>", True),
        ("@amazing.co", True),
        ("amazing.co", True),
        ("other@amazing.co", False),
        ("mazing.co", False),
        ("amazing.co.example", False),
    ],
)
def test_a_mailbox_is_compared_by_its_address_or_domain(listed, is_taken):
    given = gateway(channel=Channel.EMAIL, from_allowed=(listed,), unknown_sender=REFUSE)
    if is_taken:
        requested = "Amazing <noreply@amazing.co>"
        assert choose_sender(given, requested).sender == requested
    else:
        with pytest.raises(SenderRefused):
            choose_sender(given, "Amazing <noreply@amazing.co>")


def test_the_default_mailbox_need_not_be_listed():
    given = mail(from_allowed=("@other.example",), unknown_sender=REFUSE)
    assert choose_sender(given, "noreply@amazing.co").sender == "noreply@amazing.co"
