"""Webex Connect (imiconnect): Send Message v2 and its outbound webhooks, for SMS.

Sources: "Send Message v2", "Outbound Webhooks", "API Status Codes" on developers.webexconnect.io.
One destination per request: how an answer tells several apart is not documented.

`$(name)` in a text is a variable to Webex Connect, and nothing says what becomes of one that has
no substitution. So no text goes out with a `$(` or `${` of its own: each such dollar sign is itself
sent as a variable, whose substitution is the dollar sign. That is the documented use of variables
and gives back the text as it was written.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import jwt
from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import asked_wait
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SecretField,
    SendResult,
    WebhookRefused,
    WebhookRequest,
    problem_of,
    unreadable,
)
from gateways.providers.fields import PRINTABLE, HttpUrlField
from gateways.providers.gsm7 import is_gsm7
from gateways.providers.signatures import is_hex_hmac
from gateways.providers.values import StatusUpdate, identifier, items
from gateways.providers.webex_receipts import receipt

PROBLEMS: Mapping[str, type[ProviderError]] = {
    "7001": GatewayMisconfigured,
    "7002": GatewayMisconfigured,
    "7006": GatewayUnavailable,
    "7007": GatewayMisconfigured,
    "7020": GatewayUnavailable,
    "7127": GatewayMisconfigured,
}
"""`code` of an answer. 7020 is the tenant's transaction limit, and comes as an HTTP 400."""

CREDENTIALS = ("service_key", "service_id", "service_secret")
RATE_PAUSE_SECONDS = 1.0
QUOTA_PAUSE_SECONDS = 300.0
LONGEST_VALIDITY_SECONDS = 72 * 3600
DOLLAR_OF_A_VARIABLE = re.compile(r"\$(?=[({])")
DOLLAR = "dollar"


class WebexConnect(HttpProvider):
    slug = "webex_connect"
    title = "Webex Connect"
    channels = (Channel.SMS,)
    needs = "The base URL of your tenant, and a service key, or a service id with its secret."
    instructions = (
        "In Webex Connect, open the service whose SMS sender you want to use, and copy its "
        "service key; where it uses JSON Web Tokens, its service id and secret instead.",
        "Fill in the base URL of your region, such as https://api.us.webexconnect.io. "
        "The gateway posts to /v2/messages below it.",
        "Set a From on the next screen: Webex Connect sends nothing without one, and it must be "
        "a sender that this service may use.",
        "Receipts come to our webhook URL without further ado: every message names it as its "
        "notifyUrl.",
        "Only where you set up an outbound webhook of your own: give it our webhook URL, and put "
        "the secret that signs it (x-hub-signature) into Webhook secret.",
    )
    reports = frozenset(Status) - {Status.COMPLAINED, Status.UNSUBSCRIBED}
    proof = "HMAC-SHA256 or -SHA512, where set up"
    text_limit: ClassVar[Mapping[Channel, int]] = {Channel.SMS: 1024}

    class Config(forms.Form):
        base_url = HttpUrlField(
            label="Base URL", help_text="For example https://api.us.webexconnect.io"
        )
        service_key = SecretField(required=False, validators=[PRINTABLE])
        service_id = forms.CharField(required=False, label="Service ID")
        service_secret = SecretField(required=False, help_text="Base64, as Webex Connect shows it.")
        webhook_secret = SecretField(
            required=False,
            help_text="Where webhooks are signed (x-hub-signature). "
            "Empty: the token in the webhook URL is the credential.",
        )

        def clean_service_secret(self) -> str:
            secret: str = self.cleaned_data["service_secret"]
            try:
                base64.b64decode(secret, validate=True)
            except (binascii.Error, ValueError):
                raise ValidationError("This is not Base64.") from None
            return secret

        def clean(self) -> None:
            if self.errors:
                return
            given = [name for name in CREDENTIALS if self.cleaned_data[name]]
            if given not in (["service_key"], ["service_id", "service_secret"]):
                raise ValidationError(
                    "Either service_key or both service_id and service_secret are needed."
                )

    def content_problem(self, channel: Channel, text: str, html: str) -> str | None:
        return super().content_problem(channel, without_variables(text), html)

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        return self._post(self._body(message))

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        told = _object(answer)
        message_id = identifier(told.get("messageId"))
        if message_id is None:
            return [self.refusal(answer) or unreadable(answer)]
        return [SendResult(provider_id=message_id)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        told = _object(answer)
        code = identifier(told.get("code"))
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured("HTTP 404: is the base URL right?")
        if code is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        words = f"{code} {told.get('message') or ''}".strip()
        kind = PROBLEMS.get(code)
        if kind is GatewayUnavailable:
            pause = QUOTA_PAUSE_SECONDS if "quota" in words.lower() else RATE_PAUSE_SECONDS
            return GatewayUnavailable(words, retry_after=asked_wait(answer) or pause)
        return kind(words) if kind else None

    def check_connection(self) -> str:
        """Posts an empty object: without destination and content nothing can be sent."""
        answer = self.ask(self._post({}))
        problem = self.refusal(answer) or problem_of(answer)
        if not isinstance(problem, MessageRejected):
            raise problem
        if "code" not in _object(answer):
            raise GatewayMisconfigured("it does not answer as Webex Connect does")
        return "Webex Connect took the credentials, and refused an empty message as it should."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Holds `x-hub-signature` against the secret, where there is one."""
        secret = self.config.get("webhook_secret")
        if not secret:
            return
        given = request.headers.get("x-hub-signature", "")
        if not is_hex_hmac(given, secret=secret, body=request.body):
            raise WebhookRefused("x-hub-signature is missing or does not fit the body")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return [receipt(item) for item in items(request)]

    def _post(self, body: Mapping[str, Any]) -> HttpCall:
        return HttpCall(
            method="POST",
            url=self.config["base_url"].rstrip("/") + "/v2/messages",
            headers=self._credentials() | {"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )

    def _credentials(self) -> dict[str, str]:
        if key := self.config.get("service_key"):
            return {"key": key}
        claims = {"iss": self.config["service_id"], "iat": int(datetime.now(UTC).timestamp())}
        secret = base64.b64decode(self.config["service_secret"])
        return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}

    def _body(self, message: OutboundMessage) -> dict[str, Any]:
        if not message.sender:
            raise GatewayMisconfigured("Webex Connect sends nothing without a From")
        body = {
            "channel": message.channel.value,
            "from": message.sender,
            "callbackData": message.id,
            **BODIES[message.channel](message),
        }
        if self.webhook_url:
            body["notifyUrl"] = self.webhook_url
        if message.expires_at:
            left = int((message.expires_at - datetime.now(UTC)).total_seconds())
            body["validity"] = min(max(left, 1), LONGEST_VALIDITY_SECONDS)
        return body


def without_variables(text: str) -> str:
    """The text with each `$(` and `${` in it written as Webex Connect's own variable."""
    return DOLLAR_OF_A_VARIABLE.sub(f"$({DOLLAR})", text)


def _sms(message: OutboundMessage) -> dict[str, Any]:
    if message.recipient is None:
        raise MessageRejected("there is no recipient")
    text = without_variables(message.text)
    destination: dict[str, Any] = {
        "msisdn": [message.recipient.reveal().removeprefix("+")],
        "correlationId": message.id,
    }
    if text != message.text:
        destination["substitutions"] = {DOLLAR: "$"}
    return {
        "to": [destination],
        "content": {"type": "text" if is_gsm7(message.text) else "unicode", "text": text},
        "requestedReceipts": ["SUBMITTED", "DELIVERED", "UNDELIVERED", "FAILED"],
    }


BODIES: Mapping[Channel, Callable[[OutboundMessage], dict[str, Any]]] = {Channel.SMS: _sms}
"""What each channel adds to the body."""


def _object(answer: HttpAnswer) -> Mapping[str, Any]:
    """The object in an answer; an empty one where there is none."""
    told = read_answer(answer.text)
    return told if isinstance(told, Mapping) else {}
