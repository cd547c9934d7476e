"""Causes: stable words for what went wrong, in place of the many that providers have for it."""

import re
from collections.abc import Iterator, Mapping

from django.db import models

from gateway_project.lib.vocabulary import Status
from gateways.providers.base import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
)
from messages_app.outcomes import NotSendable, Result
from messages_app.statuses import ENDS


class Cause(models.TextChoices):
    """Why a try or a message came to nothing. The words never change; new ones may come."""

    INVALID_ADDRESS = "invalid_address", "The address does not exist"
    UNREACHABLE = "unreachable", "The address exists and cannot be reached now"
    MAILBOX_FULL = "mailbox_full", "The mailbox is full"
    OPTED_OUT = "opted_out", "The recipient does not want it"
    BLOCKED = "blocked", "Blocked as spam or by a rule"
    CONTENT = "content", "The content is not taken"
    EXPIRED = "expired", "It was too late"
    SUPPRESSED = "suppressed", "We keep the address closed"
    NO_ADDRESS = "no_address", "The user has no address any more"
    SENDER = "sender", "The sender is not allowed"
    ERASED = "erased", "The user was erased"
    THROTTLED = "throttled", "The provider wants fewer calls"
    ACCOUNT = "account", "The account at the provider is at fault"
    UNAVAILABLE = "unavailable", "The provider did not take it"
    REFUSED_TOGETHER = "refused_together", "The provider refused several at once"
    NO_ANSWER = "no_answer", "The provider was asked and did not answer"
    NO_RECEIPT = "no_receipt", "No receipt came in time"
    OTHER = "other", "Something else"


NO_RECEIPT = "no receipt"
OUR_OWN: Mapping[str, Cause] = {
    "expired": Cause.EXPIRED,
    "erased": Cause.ERASED,
    "suppressed": Cause.SUPPRESSED,
    NO_RECEIPT: Cause.NO_RECEIPT,
    "the user has no address for this channel any more": Cause.NO_ADDRESS,
    "the sender is not on the gateway's list": Cause.SENDER,
    "the Reply-to is not on the gateway's list": Cause.SENDER,
}
"""What the house itself says of a message."""

ENHANCED = re.compile(r"(?<![\d.])[45]\.(\d{1,3}\.\d{1,3})(?![\d.])")
ENHANCED_CODES: Mapping[str, Cause] = {
    **dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "1.6", "1.9", "1.10"), Cause.INVALID_ADDRESS),
    "2.1": Cause.UNREACHABLE,
    "2.2": Cause.MAILBOX_FULL,
    **dict.fromkeys(("2.3", "3.4"), Cause.CONTENT),
    **dict.fromkeys(("4.1", "4.2", "4.3", "4.4", "3.2"), Cause.UNREACHABLE),
    "4.7": Cause.EXPIRED,
    **dict.fromkeys(("1.7", "1.8"), Cause.SENDER),
    **dict.fromkeys(("6.0", "6.1", "6.2", "6.3", "6.5"), Cause.CONTENT),
    **dict.fromkeys(("7.0", "7.1", "7.2", "7.26", "7.27", "7.28"), Cause.BLOCKED),
}
"""Codes of RFC 3463 and those registered since (RFC 7505, RFC 7372)."""

ADDRESS = (
    "(?:addresse?e?|recipient|mailbox|user|account|subscriber|number|phone|msisdn|domain"
    "|destination|email)"
)
NOT_THERE = (
    "(?:unknown|not found|does ?n[o']?t exist|invalid|not valid|unallocated|unassigned|disabled"
    "|deactivated)"
)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


SPOKEN: Mapping[Cause, re.Pattern[str]] = {
    Cause.OPTED_OUT: _any_of(
        r"\bopt(?:ed)?[ -]?out", "unsubscribed", "stop(?:ped)? marketing", "do[ -]not[ -]disturb"
    ),
    Cause.SUPPRESSED: _any_of("suppress"),
    Cause.MAILBOX_FULL: _any_of(
        r"(?:mailbox|inbox|storage).{0,20}\bfull\b", "over ?quota", "quota exceeded"
    ),
    Cause.BLOCKED: _any_of(
        r"\bspam", "black-?list", r"\bblock(?:ed|list)", "filtered", r"\bpolicy\b", "reputation"
    ),
    Cause.INVALID_ADDRESS: _any_of(
        rf"\b(?:no such|unknown|invalid|bad|non-?existent) {ADDRESS}\b",
        rf"\b{ADDRESS}s?\b[^;]{{0,60}}\b{NOT_THERE}",
        "not a (?:valid|whatsapp|viber)",
    ),
    Cause.UNREACHABLE: _any_of(r"\babsent\b", "unreachable", "switched off", "out of coverage"),
    Cause.CONTENT: _any_of(
        "too (?:large|long|big)", r"\bcontent\b", r"\btemplate\b", "attachment", "message size"
    ),
    Cause.THROTTLED: _any_of("rate[ -]?limit", "too many", "throttl", "daily[ _-]quota"),
    Cause.ACCOUNT: _any_of(r"\b(?:balance|credits?|funds|payment|billing|credentials)\b"),
    Cause.EXPIRED: _any_of(r"\bexpired\b", r"\bvalidity\b"),
    Cause.UNAVAILABLE: _any_of("temporar", "unavailable", "try (?:again )?later", "timed? ?out"),
}
"""Looked for in this order: the first that is found is meant."""


def cause_of(status: Status, detail: str, *, is_permanent: bool = False) -> Cause | None:
    """Why a message came to its end, by the words that were said of it; None of what is no end.

    `is_permanent` says that the address is at fault, whatever the words are.
    """
    if status not in ENDS:
        return None
    return _told(detail, is_permanent=is_permanent) or Cause.OTHER


def cause_of_try(result: Result) -> Cause | None:
    """Why a try came to nothing; None where it was taken."""
    match result:
        case NotSendable():
            return OUR_OWN.get(result.reason, Cause.OTHER)
        case MessageRejected():
            return _told(result.detail, is_permanent=result.is_permanent) or Cause.OTHER
        case GatewayMisconfigured():
            return Cause.ACCOUNT
        case GatewayUnavailable():
            return Cause.THROTTLED if result.is_throttle else _passing(result.detail)
        case BatchRefused():
            return Cause.REFUSED_TOGETHER
        case OutcomeUnknown():
            return Cause.NO_ANSWER
    return None


def _passing(detail: str) -> Cause:
    """Why a message was not taken for now: a mail server says 4xx of a full mailbox, too."""
    told = _told(detail, is_permanent=False)
    return told if told in (Cause.MAILBOX_FULL, Cause.UNREACHABLE) else Cause.UNAVAILABLE


def _told(detail: str, *, is_permanent: bool) -> Cause | None:
    if is_permanent:
        return Cause.INVALID_ADDRESS
    return next(_causes(detail), None)


def _causes(detail: str) -> Iterator[Cause]:
    if detail in OUR_OWN:
        yield OUR_OWN[detail]
    for code in ENHANCED.findall(detail):
        if code in ENHANCED_CODES:
            yield ENHANCED_CODES[code]
    for cause, pattern in SPOKEN.items():
        if pattern.search(detail):
            yield cause
