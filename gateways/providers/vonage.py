"""Vonage Messages API, for SMS, Viber, WhatsApp and RCS.

Sources: "Messages API", "Messages API Status Callbacks", "Webhooks" on developer.vonage.com, and
Vonage's own Python SDK (4.7) for spellings. The SDK checks a webhook's token, but not that its
`payload_hash` is that of the body: here that is checked too.

Callbacks may now and then come unsigned, say the documents, and again, signed, after a 5xx: so what
is not signed is answered 503. Nothing says that a repeated request with the same `client_ref` is
dropped: it is not idempotent. What the numbered errors of a status mean is not listed there: only
the words of the status decide. The message's life span is not handed on: where it stands in a
request is not the same on every channel.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import object_in
from gateways.providers.base import (
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
    WebhookRefused,
    WebhookRequest,
    problem_of,
    unreadable,
)
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE, CertificateField
from gateways.providers.proofs import basic
from gateways.providers.stops import says_stop
from gateways.providers.values import identifier, items, moment_of, phone_number, spoken, unread
from gateways.providers.whatsapp_bodies import as_parameter

WORDS: Mapping[str, Status] = {
    "submitted": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "read": Status.OPENED,
    "rejected": Status.REJECTED,
    "undeliverable": Status.FAILED,
}
"""`status` of a status callback."""

CHANNELS: Mapping[Channel, str] = {
    Channel.SMS: "sms",
    Channel.VIBER: "viber_service",
    Channel.WHATSAPP: "whatsapp",
    Channel.RCS: "rcs",
}
APPLICATION, ACCOUNT = ("application_id", "private_key"), ("api_key", "api_secret")
TOKEN_SECONDS = 900
SIGNED_LATELY_SECONDS = 24 * 3600
"""A webhook may come again long after it was signed, and one that comes twice counts once."""
AHEAD_SECONDS = 300
SIGN_AGAIN = HTTPStatus.SERVICE_UNAVAILABLE


class Vonage(HttpProvider):
    slug = "vonage"
    title = "Vonage"
    channels = tuple(CHANNELS)
    needs = "An application's ID and private key, or the account's API key and secret."
    instructions = (
        "In the Vonage dashboard, create an application with the Messages capability. Copy its ID "
        "and paste its private key; or use the account's API key and secret instead.",
        "Give the application our webhook URL as its status URL and its inbound URL, both by POST.",
        "Copy the account's signature secret (Settings) into Signature secret: webhooks are then "
        "held against it.",
        "Set a From on the next screen: the number or sender id, the Viber service id, the "
        "WhatsApp number or the RCS agent.",
        "For WhatsApp, name an approved template with one parameter, into which the body is put. "
        "Without one, free text reaches only who wrote to you in the last 24 hours.",
    )
    proof = "JWT with a hash of the body, where set up"
    reports = frozenset({*WORDS.values(), Status.UNSUBSCRIBED})
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {
        Channel.SMS: frozenset({Status.OPENED})
    }
    text_limit: ClassVar[Mapping[Channel, int]] = {
        Channel.SMS: 1000,
        Channel.VIBER: 1000,
        Channel.WHATSAPP: 4096,
        Channel.RCS: 3072,
    }

    class Config(ConfigForm):
        base_url = BaseUrlField(
            adds=("v1/messages",),
            label="Base URL",
            initial="https://api.nexmo.com",
            help_text="Another only for a region of its own, or a proxy of yours.",
        )
        application_id = forms.CharField(
            label="Application ID",
            required=False,
            max_length=64,
            help_text="Of an application with the Messages capability.",
        )
        private_key = SecretField(
            required=False, widget=forms.Textarea, help_text="The application's, as PEM."
        )
        api_key = forms.CharField(
            label="API key", required=False, max_length=64, help_text="The account's own."
        )
        api_secret = SecretField(
            label="API secret",
            required=False,
            validators=[PRINTABLE],
            help_text="Under Settings, beside the API key.",
        )
        signature_secret = SecretField(
            required=False,
            validators=[PRINTABLE],
            help_text="Signs the webhooks. Empty: the token in the webhook URL is the credential.",
        )
        whatsapp_template = forms.CharField(
            required=False,
            label="WhatsApp template",
            max_length=512,
            help_text="Its name: it takes the body, without line breaks. Empty: the body is sent "
            "as free text.",
        )
        whatsapp_language = forms.CharField(
            required=False,
            label="Template language",
            initial="en",
            max_length=16,
            help_text="The code under which the template was approved, such as en or en_US.",
        )

        authority = CertificateField()

        groups = (
            Group(
                title="Account",
                lines=("application_id", "private_key", ("api_key", "api_secret")),
                note="Either an application with its private key, or API key and API secret.",
            ),
            Group(title="Webhooks", lines=("signature_secret",)),
            Group(
                title="WhatsApp template",
                lines=(("whatsapp_template", "whatsapp_language"),),
                channels=(Channel.WHATSAPP,),
            ),
            Group(title="API", lines=("base_url", "authority"), is_rare=True),
        )

        def clean_private_key(self) -> str:
            pem: str = self.cleaned_data["private_key"]
            if pem and not _is_rsa_key(pem):
                raise ValidationError("This is no RSA private key in PEM.")
            return pem

        def clean(self) -> None:
            given = [name for name in (*APPLICATION, *ACCOUNT) if self.cleaned_data.get(name)]
            if not self.errors and given not in (list(APPLICATION), list(ACCOUNT)):
                raise ValidationError(
                    "Either application_id and private_key or api_key and api_secret are needed."
                )

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        if message.recipient is None:
            raise MessageRejected("there is no recipient")
        if not message.sender:
            raise GatewayMisconfigured("Vonage sends nothing without a From")
        body = {
            "channel": CHANNELS[message.channel],
            "to": message.recipient.reveal().removeprefix("+"),
            "from": message.sender.removeprefix("+"),
            "client_ref": message.id,
            **self._content(message),
        }
        if self.webhook_url:
            body["webhook_url"] = self.webhook_url
        return self._call("/v1/messages", body)

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        message_uuid = identifier(object_in(answer).get("message_uuid"))
        return [SendResult(provider_id=message_uuid) if message_uuid else unreadable(answer)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured("HTTP 404: is the base URL right?")
        if answer.status == HTTPStatus.PAYMENT_REQUIRED:
            return GatewayMisconfigured("HTTP 402: the account has no credit")
        return None

    def check_connection(self) -> str:
        """Posts an empty object: without channel and recipient nothing can be sent."""
        answer = self.ask(self._call("/v1/messages", {}))
        problem = self.refusal(answer) or problem_of(answer)
        if not isinstance(problem, MessageRejected):
            raise problem
        if "title" not in object_in(answer):
            raise GatewayMisconfigured("it does not answer as Vonage does")
        return "Vonage took the credentials, and refused an empty message as it should."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Holds the token and the hash in it against the signature secret, where there is one."""
        secret = self.config.get("signature_secret")
        if not secret:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise WebhookRefused("it is not signed: send it again, signed", status=SIGN_AGAIN)
        if not _fits(token.strip(), secret, request.body):
            raise WebhookRefused("the signature does not fit the body, or is old")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return [update for item in items(request) for update in _updates(item)]

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        template = self.config.get("whatsapp_template")
        if message.channel != Channel.WHATSAPP or not template:
            return {"message_type": "text", "text": message.text}
        return {
            "message_type": "template",
            "template": {"name": template, "parameters": [as_parameter(message.text)]},
            "whatsapp": {
                "policy": "deterministic",
                "locale": self.config.get("whatsapp_language") or "en",
            },
        }

    def _call(self, path: str, body: Mapping[str, Any]) -> HttpCall:
        return HttpCall(
            method="POST",
            url=self.config["base_url"].rstrip("/") + path,
            headers={
                "Authorization": self._credentials(),
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            body=json.dumps(body).encode(),
            authority=self.authority,
        )

    def _credentials(self) -> str:
        config = self.config
        if key := config.get("api_key"):
            return basic(key, config["api_secret"])
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "application_id": config["application_id"],
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": str(uuid4()),
        }
        return f"Bearer {jwt.encode(claims, config['private_key'], algorithm='RS256')}"


def _is_rsa_key(pem: str) -> bool:
    try:
        return isinstance(load_pem_private_key(pem.encode(), password=None), RSAPrivateKey)
    except (ValueError, TypeError):
        return False


def _fits(token: str, secret: str, body: bytes) -> bool:
    """Whether the token is of this secret, made lately, and for this body."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={"require": ["iat"], "verify_aud": False},
            leeway=AHEAD_SECONDS,
        )
    except jwt.PyJWTError:
        return False
    age = datetime.now(UTC).timestamp() - claims["iat"]
    told = str(claims.get("payload_hash", "")).lower()
    is_for_it = hmac.compare_digest(
        told.encode(errors="replace"), hashlib.sha256(body).hexdigest().encode()
    )
    return age <= SIGNED_LATELY_SECONDS and is_for_it


def _updates(item: object) -> list[StatusUpdate]:
    """A status; of an incoming message nothing, unless it says stop."""
    if not isinstance(item, Mapping):
        return [unread(item, "not an object")]
    if "message_type" not in item or "status" in item:
        return [_status(item)]
    if not says_stop(item.get("text")):
        return []
    number = phone_number(item.get("from"))
    if number is None:
        return [StatusUpdate(status=None, word="STOP", detail="it names no phone number")]
    return [StatusUpdate(status=Status.UNSUBSCRIBED, word="STOP", recipient=number)]


def _status(item: Mapping[str, Any]) -> StatusUpdate:
    word = spoken(item.get("status"))
    return StatusUpdate(
        status=WORDS.get(word.lower()),
        message_id=identifier(item.get("client_ref")),
        provider_id=identifier(item.get("message_uuid")),
        word=word,
        detail=_reason(item.get("error")),
        occurred_at=moment_of(item.get("timestamp")),
    )


def _reason(error: object) -> str:
    if not isinstance(error, Mapping):
        return ""
    told = (spoken(error.get("title")), spoken(error.get("detail")))
    return ": ".join(filter(None, told))
