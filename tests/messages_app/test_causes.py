"""The stable word that is kept beside what providers say."""

import pytest

from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import Status
from gateways.providers.base import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
)
from messages_app.causes import Cause, cause_of, cause_of_try
from messages_app.outcomes import NotSendable

ANNA = "anna.kovacs@mailbox.example"

SAID = [
    (f"550 mailbox {ANNA} unknown", Cause.INVALID_ADDRESS),
    (f"550 5.1.1 <{ANNA}>: Recipient address rejected: User unknown", Cause.INVALID_ADDRESS),
    ("smtp; 550 no such user", Cause.INVALID_ADDRESS),
    ("Unknown Subscriber", Cause.INVALID_ADDRESS),
    ("The number you called does not exist", Cause.INVALID_ADDRESS),
    ("556 5.1.10 recipient has a null MX", Cause.INVALID_ADDRESS),
    ("Absent Subscriber", Cause.UNREACHABLE),
    ("452 4.2.2 the mailbox is full", Cause.MAILBOX_FULL),
    ("552 over quota", Cause.MAILBOX_FULL),
    ("Content blocked by user opt-out", Cause.OPTED_OUT),
    ("Unsubscribed Address", Cause.OPTED_OUT),
    ("Recipient in suppression list", Cause.SUPPRESSED),
    ("554 5.7.1 Service unavailable; client host blocked", Cause.BLOCKED),
    ("blocked : due to blacklist user", Cause.BLOCKED),
    ("Message filtered", Cause.BLOCKED),
    ("552 5.3.4 message size exceeds the limit", Cause.CONTENT),
    ("template does not exist in the translation", Cause.CONTENT),
    ("insufficient balance", Cause.ACCOUNT),
    ("reached_daily_quota", Cause.THROTTLED),
    ("EXPIRED_DLR_UNKNOWN the message expired", Cause.EXPIRED),
    ("expired", Cause.EXPIRED),
    ("erased", Cause.ERASED),
    ("Something went wrong", Cause.OTHER),
    ("", Cause.OTHER),
]


@pytest.mark.parametrize(("words", "cause"), SAID)
def test_what_providers_say_comes_down_to_one_word(words, cause):
    assert cause_of(Status.FAILED, words) == cause


@pytest.mark.parametrize(("words", "cause"), SAID)
def test_the_word_is_the_same_once_the_recipient_was_taken_out(words, cause):
    scrubbed = scrub(words, Personal(ANNA))

    assert ANNA not in scrubbed
    assert cause_of(Status.FAILED, scrubbed) == cause


def test_who_says_that_the_address_is_at_fault_needs_no_words():
    assert cause_of(Status.REJECTED, "30034", is_permanent=True) == Cause.INVALID_ADDRESS


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FAILED, Status.REJECTED}))
def test_what_is_no_end_has_no_cause(status):
    assert cause_of(status, "550 5.1.1 no such user") is None


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (SendResult(), None),
        (NotSendable(Status.REJECTED, "suppressed"), Cause.SUPPRESSED),
        (
            NotSendable(Status.REJECTED, "the user has no address for this channel any more"),
            Cause.NO_ADDRESS,
        ),
        (NotSendable(Status.REJECTED, "the sender is not on the gateway's list"), Cause.SENDER),
        (MessageRejected("HTTP 400: invalid phone number"), Cause.INVALID_ADDRESS),
        (MessageRejected("21610", is_permanent=True), Cause.INVALID_ADDRESS),
        (MessageRejected("HTTP 400"), Cause.OTHER),
        (GatewayMisconfigured("HTTP 401: user unknown"), Cause.ACCOUNT),
        (GatewayUnavailable("HTTP 503"), Cause.UNAVAILABLE),
        (GatewayUnavailable("HTTP 429", is_throttle=True), Cause.THROTTLED),
        (GatewayUnavailable("452 4.2.2 mailbox full"), Cause.MAILBOX_FULL),
        (GatewayUnavailable("450 policy: greylisted"), Cause.UNAVAILABLE),
        (BatchRefused("HTTP 400: invalid number"), Cause.REFUSED_TOGETHER),
        (OutcomeUnknown("no answer within 10 s"), Cause.NO_ANSWER),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_try_that_came_to_nothing_has_a_cause(result, cause):
    assert cause_of_try(result) == cause


def test_every_cause_fits_its_column():
    assert max(map(len, Cause.values)) <= 24
