"""WhatsApp through Meta's own Cloud API.

Sources: "Send messages", "Error codes", "Webhooks", "Status messages webhook", "user_preferences
webhook" on developers.facebook.com, and the error classes of pywa. Nothing says that a repeat with
the same `biz_opaque_callback_data` is dropped, so a send is not idempotent. The sender is the phone
number of the configuration: a From has no part in it. Numbers go with their plus, which leaves no
doubt about the country.

A code decides before the HTTP status, which for Meta is often 400 whatever went wrong.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from django import forms
from django.core.validators import RegexValidator

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import asked_wait, object_in
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    Group,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SecretField,
    SendResult,
    WebhookAnswer,
    WebhookRefused,
    WebhookRequest,
    problem_of,
    unreadable,
)
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE, CertificateField
from gateways.providers.meta_reports import OPTED_OUT, reports_in
from gateways.providers.signatures import is_hex_hmac
from gateways.providers.values import StatusUpdate, few, identifier, items
from gateways.providers.whatsapp_bodies import (
    TEXT_LIMIT,
    TemplateOptions,
    as_parameter,
    is_free_text,
    template_of,
)

THROTTLES = frozenset({4, 80007, 130429, 131048, 131056, 131064})
"""Meta is well and wants less: of the app, of the account, of the number, or to this person."""

LATER = frozenset({1, 2, 131000, 131016, 131057})
"""A fault over there, or maintenance."""

ACCOUNT = frozenset(
    {0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 131042, 131045, 131063}
    | {132001, 132015, 132016, 133010}
    | set(range(200, 300))
)
"""Token, permissions, restrictions, payment, the phone number, or the template itself."""

REFUSALS = frozenset(
    {100, 130472, 130497, 131008, 131009, 131021, 131026, 131030, 131047, 131049, 131050, 131051}
    | {131062, 132000, 132005, 132007, 132008, 132012, 132018}
)
"""This message, to this person, whatever the HTTP status."""

VERSION = RegexValidator(r"\Av\d{1,3}\.\d{1,2}\Z", "A version such as v25.0 is expected.")
DIGITS = RegexValidator(r"\A\d{5,25}\Z", "Digits only: the id, not the phone number.")


class MetaWhatsApp(HttpProvider):
    slug = "meta_whatsapp"
    title = "Meta WhatsApp Cloud API"
    channels = (Channel.WHATSAPP,)
    needs = "A WhatsApp phone number id, a permanent access token, the app secret, a template."
    instructions = (
        "In Meta's App Dashboard, under WhatsApp, API Setup, copy the phone number ID. In Business "
        "Settings, make a system user's token with whatsapp_business_messaging and "
        "whatsapp_business_management.",
        "Copy the App Secret under App Settings, Basic, and think of a verify token of your own.",
        "In WhatsApp Manager, have a template approved whose text holds one variable, such as "
        "{{1}}: it takes Smartico's body. Line breaks in the body become spaces.",
        "After saving, give Meta our webhook URL and the verify token (WhatsApp, Configuration), "
        "and subscribe to the fields messages and user_preferences.",
        "Reports about other phone numbers of the same app are passed over here: give each number "
        "its own callback URL (override_callback_uri) where several gateways share an app.",
    )
    reports = frozenset(Status) - {Status.COMPLAINED, Status.CLICKED}
    proof = "HMAC-SHA256"
    text_limit: ClassVar[Mapping[Channel, int]] = {Channel.WHATSAPP: TEXT_LIMIT}

    class Config(TemplateOptions):
        base_url = BaseUrlField(
            adds=(r"v\d+\.\d+/\d+/messages",),
            label="Base URL",
            initial="https://graph.facebook.com",
            help_text="Another only behind a proxy of your own.",
        )
        version = forms.CharField(
            initial="v25.0", validators=[VERSION], help_text="Of the Graph API, such as v25.0."
        )
        phone_number_id = forms.CharField(
            label="Phone number ID", validators=[DIGITS], help_text="The ID, not the number."
        )
        access_token = SecretField(
            validators=[PRINTABLE], help_text="A system user's: those of people expire."
        )
        app_secret = SecretField(
            validators=[PRINTABLE], help_text="Signs what Meta posts to our webhook URL."
        )
        verify_token = SecretField(
            validators=[PRINTABLE],
            help_text="Any secret of your own, typed in at Meta beside our webhook URL.",
        )
        parameter_name = forms.CharField(
            required=False,
            validators=[RegexValidator(r"\A[a-z0-9_]{1,60}\Z", "As in the template: {{name}}.")],
            help_text="Only where the template's variable has a name instead of a number.",
        )

        authority = CertificateField()

        groups = (
            Group(title="Account", lines=("phone_number_id", "access_token")),
            Group(
                title="Template",
                lines=(
                    "text_window",
                    ("template", "template_language"),
                    "other_languages",
                    "parameter_name",
                ),
                note="WhatsApp takes free text only within 24 hours of what the person wrote.",
            ),
            Group(title="Webhooks", lines=("app_secret", "verify_token")),
            Group(title="API", lines=(("base_url", "version"), "authority"), is_rare=True),
        )

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        if message.recipient is None:
            raise MessageRejected("there is no recipient")
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.recipient.reveal(),
            **self._content(message),
            "biz_opaque_callback_data": message.id,
        }
        return HttpCall(
            method="POST",
            url=self._url("/messages"),
            headers=self._credentials() | {"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
            authority=self.authority,
        )

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        listed = object_in(answer).get("messages")
        first = listed[0] if isinstance(listed, list) and listed else None
        message_id = identifier(first.get("id")) if isinstance(first, Mapping) else None
        if message_id is None:
            return [self.refusal(answer) or unreadable(answer)]
        return [SendResult(provider_id=message_id)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        error = object_in(answer).get("error")
        code = error.get("code") if isinstance(error, Mapping) else None
        if not isinstance(error, Mapping) or not isinstance(code, int):
            return None
        words = _words(code, error)
        if code in THROTTLES:
            return GatewayUnavailable(words, retry_after=asked_wait(answer), is_throttle=True)
        if code in LATER:
            return GatewayUnavailable(words, retry_after=asked_wait(answer))
        if code in ACCOUNT:
            return GatewayMisconfigured(words)
        if code in REFUSALS:
            learnt = (Status.UNSUBSCRIBED,) if code == OPTED_OUT else ()
            return MessageRejected(words, learnt=learnt)
        return None

    def check_connection(self) -> str:
        """Reads what Meta knows of the phone number."""
        answer = self.ask(
            HttpCall(
                method="GET",
                url=self._url("?fields=verified_name,quality_rating"),
                headers=self._credentials(),
                authority=self.authority,
            )
        )
        told = object_in(answer)
        if answer.status // 100 != 2 or "error" in told:
            raise self._problem_with_number(answer)
        if identifier(told.get("id")) != self.config["phone_number_id"]:
            raise GatewayMisconfigured("it does not answer as the Cloud API does")
        return (
            f"Meta knows the number as {identifier(told.get('verified_name')) or 'unnamed'}, "
            f"quality {identifier(told.get('quality_rating')) or 'unknown'}."
        )

    def _problem_with_number(self, answer: HttpAnswer) -> ProviderError:
        problem = self.refusal(answer) or problem_of(answer)
        # No message is refused here: what is wrong is what was typed in.
        is_refusal = isinstance(problem, MessageRejected)
        return GatewayMisconfigured(problem.detail) if is_refusal else problem

    def verify_webhook(self, request: WebhookRequest) -> None:
        given = request.headers.get("x-hub-signature-256", "")
        if not is_hex_hmac(given, secret=self.config["app_secret"], body=request.body):
            raise WebhookRefused("x-hub-signature-256 is missing or does not fit the body")

    def answer_probe(self, request: WebhookRequest) -> WebhookAnswer:
        """Meta's challenge comes back to who knows the verify token; a mere look is answered."""
        if "hub.mode" not in request.query:
            return WebhookAnswer()
        given = request.query.get("hub.verify_token", "").encode(errors="replace")
        is_known = hmac.compare_digest(given, self.config["verify_token"].encode())
        if request.query["hub.mode"] != "subscribe" or not is_known:
            return WebhookAnswer(status=403, body="the verify token is not the one of this gateway")
        return WebhookAnswer(body=request.query.get("hub.challenge", ""))

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        number = self.config["phone_number_id"]
        return few(report for item in items(request) for report in reports_in(item, number))

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        if is_free_text(self.config):
            return {"type": "text", "text": {"preview_url": False, "body": message.text}}
        name, language = template_of(self.config, message.properties)
        parameter = {"type": "text", "text": as_parameter(message.text)}
        if named := self.config.get("parameter_name"):
            parameter["parameter_name"] = named
        return {
            "type": "template",
            "template": {
                "name": name,
                "language": {"code": language},
                "components": [{"type": "body", "parameters": [parameter]}],
            },
        }

    def _url(self, rest: str) -> str:
        base, number = self.config["base_url"].rstrip("/"), quote(self.config["phone_number_id"])
        return f"{base}/{self.config['version']}/{number}{rest}"

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.config['access_token']}"}


def _words(code: int, error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else None
    return f"{code} {error.get('message') or ''} {details or ''}".strip()
