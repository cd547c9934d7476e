"""Trying a label's callbacks out: one call about a message that does not exist. It changes nothing
at Smartico, which looks at the api_key before it looks for the message."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from callbacks.answers import Outcome, Verdict, judge
from callbacks.calling import confidences, status_call
from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.http import HttpAnswer, HttpCall, TransportError, http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import CALLBACK_TYPES, Channel, Status
from gateways.callback_hosts import CallbackRefused
from gateways.values import LabelValues
from messages_app.models import Message

LOOKED_AT = 20

MEANINGS: Mapping[Outcome, tuple[bool, str]] = {
    Outcome.ACKNOWLEDGED: (True, "reached, and the api_key is taken"),
    Outcome.NOT_FOUND: (True, "reached, and the api_key is taken: only the message is unknown"),
    Outcome.UNAUTHORISED: (False, "reached, but the api_key was turned away"),
    Outcome.REFUSED: (False, "reached, but refused"),
    Outcome.FAILED: (False, "not reached"),
}
"""Whether each outcome of a call proves that the api_key is taken, and how that is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a call came to. `text` is scrubbed."""

    is_taken: bool
    text: str = field(repr=False)


def try_callback(label: LabelValues) -> Tried | None:
    """Tells Smartico of a made-up message, as every callback is told; None where none can be.

    The URL holds the api_key and exists only in its call.
    """
    url = sample_url(label)
    if url is None or label.callback_api_key is None:
        return None
    try:
        call = status_call(
            label,
            url,
            type=CALLBACK_TYPES[Channel.EMAIL],
            ext_message_id=str(uuid4()),
            status=Status.ACCEPTED,
        )
        verdict = judge(_came(call), now=database_now)
        return meaning(verdict, scrub(verdict.detail, *confidences(label, url)))
    except (CallbackRefused, Undecryptable) as problem:
        return Tried(is_taken=False, text=f"not tried: {problem}")


def meaning(verdict: Verdict, detail: str) -> Tried:
    """What an outcome says of the api_key; `detail` are the peer's words, scrubbed."""
    is_taken, text = MEANINGS[verdict.outcome]
    return Tried(is_taken=is_taken, text=text if is_taken or not detail else f"{text}: {detail}")


def sample_url(label: LabelValues) -> Personal | None:
    """The label's default callback_url, or one that a request has named."""
    if label.callback_url is not None:
        return label.callback_url
    for channel in Channel:  # each has its messages in order in an index
        last = Message.objects.filter(label_id=label.id, channel=channel).order_by("-pk")
        urls: Iterator[Personal | None] = (
            message.callback_url for message in last.only("callback_url")[:LOOKED_AT]
        )
        if url := next(filter(None, urls), None):
            return url
    return None


def _came(call: HttpCall) -> HttpAnswer | TransportError:
    try:
        return http_client().perform(call)
    except TransportError as error:
        return error
