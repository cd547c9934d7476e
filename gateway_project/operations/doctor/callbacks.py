"""Whether Smartico can be told anything: a callback about a message that does not exist."""

from datetime import UTC, datetime
from uuid import uuid4

from callbacks.answers import Outcome, Verdict, judge
from callbacks.callback_url import reporting_url
from callbacks.reporting import READ_CAP, TIMEOUT_SECONDS
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.http import HttpAnswer, HttpCall, TransportError, http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import CALLBACK_TYPES, Channel, Status
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, Finding
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.connection import Finding as Connection
from gateways.models import LabelContact
from gateways.values import LabelValues
from messages_app.models import Message

NAME = "Callback to Smartico"
LOOKED_AT = 20

MEANINGS = {
    Outcome.ACKNOWLEDGED: (True, "reached, and the api_key is taken"),
    Outcome.NOT_FOUND: (True, "reached, and the api_key is taken: only our made-up id is unknown"),
    Outcome.UNAUTHORISED: (False, "reached, but the api_key was turned away"),
    Outcome.REFUSED: (False, "reached, but refused"),
    Outcome.FAILED: (False, "not reached"),
}
"""What each outcome of such a callback says about the label's set-up."""


def callback(
    about: About, label: LabelValues, contact: LabelContact | None, now: datetime
) -> Finding:
    """What the last try found."""
    if contact is not None and contact.checked_at is not None:
        found = f"{contact.finding} (checked {ago(contact.checked_at, now)})"
        if contact.is_connected:
            return about.good(NAME, found)
        return about.problem(NAME, found, "Compare the host and the api_key with Smartico's.")
    if label.callback_api_key is None or sample_url(label) is None:
        return about.note(NAME, "cannot be tried before the first request names a callback_url")
    return about.attention(NAME, "not tried yet", "Check now.")


def try_callback(label: LabelValues) -> Connection | None:
    """Tells Smartico of a made-up message, as every callback is told; None where none can be.

    The URL holds the api_key and exists only in its call.
    """
    url, api_key = sample_url(label), label.callback_api_key
    if url is None or api_key is None:
        return None
    try:
        call = _call(label, url, api_key)
        verdict = judge(_came(call), now=datetime.now(UTC))
    except (CallbackRefused, Undecryptable) as problem:
        return Connection(is_connected=False, text=f"not tried: {problem}")
    return _meaning(verdict, url, api_key)


def sample_url(label: LabelValues) -> Personal | None:
    """The label's default callback_url, or one that a request has named."""
    if label.callback_url is not None:
        return label.callback_url
    some = Message.objects.filter(label_id=label.id).order_by("-uid").only("callback_url")
    urls = (message.callback_url for message in some[:LOOKED_AT])
    return next((url for url in urls if url is not None), None)


def _call(label: LabelValues, url: Personal, api_key: Personal) -> HttpCall:
    check_callback_url(url.reveal(), label.callback_hosts)
    return HttpCall(
        method="GET",
        url=reporting_url(
            url.reveal(),
            type=CALLBACK_TYPES[Channel.EMAIL],
            ext_message_id=str(uuid4()),
            status=Status.ACCEPTED,
            api_key=api_key.reveal(),
        ),
        timeout=TIMEOUT_SECONDS,
        read_cap=READ_CAP,
    )


def _came(call: HttpCall) -> HttpAnswer | TransportError:
    try:
        return http_client().perform(call)
    except TransportError as error:
        return error


def _meaning(verdict: Verdict, *confidences: Personal) -> Connection:
    is_good, text = MEANINGS[verdict.outcome]
    if not is_good and verdict.detail:
        text = f"{text}: {scrub(verdict.detail, *confidences)}"
    return Connection(is_connected=is_good, text=text)
