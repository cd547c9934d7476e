"""The "From" config: which sender a message leaves with."""

import pytest

from gateway_project.lib.vocabulary import Channel
from gateways.models.gateway import UnknownSender
from gateways.senders import SenderRefused, choose_reply_to, choose_sender
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


def replies(**changes):
    return mail(reply_to_default="help@amazing.co", **changes)


def test_a_mail_without_reply_to_is_given_the_default_if_there_is_one():
    assert choose_reply_to(replies(), "").sender == "help@amazing.co"
    assert choose_reply_to(mail(), "").sender == ""
    assert choose_reply_to(mail(reply_to_allowed=("vip@amazing.co",)), "").sender == ""


def test_without_a_list_any_reply_to_goes():
    assert choose_reply_to(replies(), "other@amazing.co").sender == "other@amazing.co"


@pytest.mark.parametrize("listed", ["vip@amazing.co", "amazing.co"])
def test_a_listed_reply_to_is_taken_and_so_is_the_default(listed):
    given = replies(reply_to_allowed=(listed,), unknown_sender=REFUSE)
    assert choose_reply_to(given, "VIP <vip@amazing.co>").sender == "VIP <vip@amazing.co>"
    assert choose_reply_to(given, "help@amazing.co").sender == "help@amazing.co"


def test_an_unlisted_reply_to_is_refused_or_replaced_with_a_note():
    listed = ("vip@amazing.co",)
    with pytest.raises(SenderRefused):
        choose_reply_to(replies(reply_to_allowed=listed, unknown_sender=REFUSE), "evil@x.example")
    choice = choose_reply_to(replies(reply_to_allowed=listed), "evil@x.example")
    assert choice.sender == "help@amazing.co"
    assert choice.note
    assert "evil" not in choice.note


def test_where_there_is_no_default_an_unlisted_reply_to_is_refused():
    with pytest.raises(SenderRefused):
        choose_reply_to(mail(reply_to_allowed=("vip@amazing.co",)), "evil@x.example")
