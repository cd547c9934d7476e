"""The operator's own notification centre, in Smartico's own Custom IM contract.

Source: "Secured Messaging Gateways (Email/SMS/IM)", Custom IM. A notification centre that already
speaks it stands behind the gateway unchanged: it is sent the request as it came, only that
`callback_url` is this gateway's status URL.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError

from gateway_project.lib.transport import FRAMING_HEADERS
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import object_in
from gateways.providers.base import (
    ID_HEADER,
    ConfigForm,
    GatewayMisconfigured,
    Group,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SecretField,
    SendResult,
    StatusUpdate,
    WebhookRequest,
    is_success,
    problem_of,
    unreadable,
)
from gateways.providers.fields import PRINTABLE, CertificateField, HttpUrlField, SecretHeadersField
from gateways.providers.values import SMARTICO_WORDS, identifier, items, spoken, unread

TAKEN = 0
"""The `error_code` of a message that was accepted."""
SET_BY_US = FRAMING_HEADERS | {"authorization", "content-type", ID_HEADER.lower()}


class CustomImHttp(HttpProvider):
    slug = "custom_im_http"
    title = "Custom IM over HTTP"
    channels = (Channel.CUSTOM_IM,)
    needs = "The URL of your notification centre, and the Authorization value that it expects."
    instructions = (
        "Your notification centre takes Smartico's own Custom IM request as a JSON POST: "
        "ext_user_id, body, im_uid, callback_url and extension. Fill in the URL of that API.",
        "Choose a secret for its Authorization header, and fill it in on both sides.",
        "Add further HTTP headers where it expects them, such as one that names the brand.",
        "It answers always 200: error_code 0 and its ext_message_id, or error_code above 0 and "
        "error_message. An answer that holds neither leaves the outcome unknown.",
        "It reports what becomes of a message with a GET to the callback_url of the request, "
        "which is our status URL: ext_message_id and status are added to it. Where it can only "
        "POST, it posts the same two to our webhook URL.",
    )
    reports = frozenset(Status)

    class Config(ConfigForm):
        url = HttpUrlField(label="URL", help_text="Where the notification centre takes messages.")
        authorization = SecretField(
            required=False,
            validators=[PRINTABLE],
            help_text="The value of the Authorization header, as it stands.",
        )
        headers = SecretHeadersField(
            required=False,
            help_text='Further headers that it expects: {"X-Tenant": "amazing"}.',
        )
        authority = CertificateField()

        groups = (
            Group(title="Notification centre", lines=("url", "authorization")),
            Group(
                title="Further headers and certificate",
                lines=("headers", "authority"),
                is_rare=True,
            ),
        )

        def clean_headers(self) -> dict[str, str]:
            headers: dict[str, str] = self.cleaned_data["headers"]
            for name in headers:
                if name.lower() in SET_BY_US:
                    raise ValidationError(f"{name} is set by the gateway.")
            return headers

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        relayed = {**message.received, "callback_url": self.status_url}
        return HttpCall(
            method="POST",
            url=self.config["url"],
            headers=self._headers() | {"Content-Type": "application/json", ID_HEADER: message.id},
            body=json.dumps(relayed).encode(),
            authority=self.authority,
        )

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        return [_outcome(answer)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        """The contract answers always 200: where there is nothing to POST to, the URL is wrong."""
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return GatewayMisconfigured(f"HTTP {answer.status}: is the URL right?")
        return None

    def check_connection(self) -> str:
        """Asks for the head of the URL, since the contract has no call that sends nothing."""
        call = HttpCall(
            method="HEAD",
            url=self.config["url"],
            headers=self._headers(),
            authority=self.authority,
        )
        answer = self.ask(call)
        problem = problem_of(answer)
        # A path that takes POST alone may answer so.
        is_there = is_success(answer) or answer.status == HTTPStatus.NOT_IMPLEMENTED
        if not is_there and not isinstance(problem, MessageRejected):
            raise problem
        return f"The notification centre can be reached; it answered HTTP {answer.status}."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Takes any: the token in the URL is the credential."""

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        """The reporting protocol as a POST: `{"ext_message_id": ..., "status": ...}` or a list."""
        return [_update(item) for item in items(request)]

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = dict(self.config.get("headers") or {})
        if authorization := self.config.get("authorization"):
            headers["Authorization"] = authorization
        return headers


def _outcome(answer: HttpAnswer) -> SendResult | ProviderError:
    """What the contract's words say. Where there are none, nobody knows what became of it."""
    told = object_in(answer)
    code = _error_code(told)
    if code is None or code < TAKEN:
        return unreadable(answer)
    if code > TAKEN:
        return MessageRejected(f"error_code {code}: {told.get('error_message') or 'no reason'}")
    return SendResult(provider_id=identifier(told.get("ext_message_id")))


def _error_code(told: Mapping[str, Any]) -> int | None:
    """None where it says neither yes nor no. "0" counts as 0; without a code, their id is a yes."""
    code = told.get("error_code")
    if code is None:
        return TAKEN if identifier(told.get("ext_message_id")) else None
    try:
        return int(code)
    except (TypeError, ValueError, OverflowError):
        return None


def _update(item: object) -> StatusUpdate:
    if not isinstance(item, Mapping):
        return unread(item, "not an object")
    word = spoken(item.get("status"))
    return StatusUpdate(
        status=SMARTICO_WORDS.get(word.lower()),
        message_id=identifier(item.get("message_id")),
        provider_id=identifier(item.get("ext_message_id")),
        word=word,
    )
