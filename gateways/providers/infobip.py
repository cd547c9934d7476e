"""Infobip: SMS, Viber and WhatsApp.

Source: Infobip's OpenAPI 3.210 (SMS v3, Viber v2, WhatsApp v1) and its list of status codes.
Every message carries our id as its `messageId`. That one which is there twice may be refused is
documented (REJECTED_DUPLICATE_MESSAGE_ID), for how long and on which channels is not: so a send is
not idempotent, and that refusal leaves the outcome unknown, since the first may have gone out.

What was sent by SMS or Viber within two days can be looked up in its logs by our id. It is not said
that one which is not there was not taken. WhatsApp has no such call.

A webhook is let in by the token in its URL, and by Basic credentials where those are set up.
Infobip can sign with an HMAC as well, but the header and its format are not documented: an account
that is set up so would be checked by guesswork, so it is not offered.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import object_in
from gateways.providers.base import (
    Findings,
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
    WebhookRequest,
    is_success,
    problem_of,
    unreadable,
)
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE, CertificateField
from gateways.providers.groups import CERTIFICATE
from gateways.providers.infobip_answers import described, results_in
from gateways.providers.infobip_messages import sms, viber, whatsapp_template, whatsapp_text
from gateways.providers.infobip_reports import is_logged, reports_in
from gateways.providers.proofs import BASIC, check_proof
from gateways.providers.values import StatusUpdate, few, items
from gateways.providers.whatsapp_bodies import TEXT_LIMIT, TemplateOptions, is_free_text

MOST_MESSAGES = 100
SMS_PATH, VIBER_PATH = "/sms/3/messages", "/viber/2/messages"
TEMPLATE_PATH, TEXT_PATH = "/whatsapp/1/message/template", "/whatsapp/1/message/text"
PATHS: Mapping[Channel, str] = {
    Channel.SMS: SMS_PATH,
    Channel.VIBER: VIBER_PATH,
    Channel.WHATSAPP: TEMPLATE_PATH,
}
"""Where the messages of a channel go, several in one call."""

LOG_PATHS: Mapping[Channel, str] = {Channel.SMS: "/sms/3/logs", Channel.VIBER: "/viber/2/logs"}
IDS_PER_QUESTION = 50
"""Of 36 characters: up to 2,048 are taken, and so many entries are told unless a limit is named."""

BODIES: Mapping[Channel, Callable[..., dict[str, Any]]] = {
    Channel.SMS: sms,
    Channel.VIBER: viber,
    Channel.WHATSAPP: whatsapp_template,
}


class Infobip(HttpProvider):
    slug = "infobip"
    title = "Infobip"
    channels = (Channel.SMS, Channel.VIBER, Channel.WHATSAPP)
    needs = "Your personal base URL and an API key; for WhatsApp an approved template as well."
    instructions = (
        "In Infobip's portal, copy your base URL (such as https://xxxxx.api.infobip.com) and make "
        "an API key that may send on this gateway's channel.",
        "Set a From on the next screen: a sender of your account, on WhatsApp your registered "
        "number.",
        "On WhatsApp, name an approved template whose text holds one variable: it takes "
        "Smartico's body, and line breaks in it become spaces.",
        "Delivery and seen reports come without further ado: every message names our webhook URL.",
        "For opt-outs, forward incoming messages and WhatsApp's marketing updates to our webhook "
        "URL as well. Where that subscription has Basic security, fill in its user and password "
        "here.",
    )
    may_batch = True
    reports = frozenset(Status) - {Status.COMPLAINED}
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {
        Channel.SMS: frozenset({Status.OPENED})
    }
    text_limit: ClassVar[Mapping[Channel, int]] = {
        Channel.VIBER: 1000,
        Channel.WHATSAPP: TEXT_LIMIT,
    }

    class Config(TemplateOptions):
        base_url = BaseUrlField(
            adds=tuple(path.lstrip("/") for path in (*PATHS.values(), TEXT_PATH)),
            label="Base URL",
            help_text="Your own, such as https://xxxxx.api.infobip.com",
        )
        api_key = SecretField(
            label="API key",
            validators=[PRINTABLE],
            help_text="One that may send on this gateway's channel.",
        )
        batch = forms.IntegerField(
            required=False,
            min_value=1,
            max_value=MOST_MESSAGES,
            label="Messages per call",
            help_text="Empty: one. Of a call that is refused as a whole each goes again by itself.",
        )
        track_clicks = forms.BooleanField(
            required=False,
            help_text="Infobip shortens the links in a text, and reports who opened them.",
        )
        webhook_user = forms.CharField(
            required=False,
            validators=[PRINTABLE],
            help_text="Empty: the token in the webhook URL is the credential.",
        )
        webhook_password = SecretField(
            required=False,
            validators=[PRINTABLE],
            help_text="Only where all that Infobip posts to us has Basic security.",
        )

        authority = CertificateField()

        groups = (
            Group(title="Account", lines=("base_url", "api_key")),
            Group(
                title="WhatsApp template",
                lines=("text_window", ("template", "template_language"), "other_languages"),
                note="WhatsApp takes free text only within 24 hours of what the person wrote.",
                channels=(Channel.WHATSAPP,),
            ),
            Group(title="Sending", lines=("batch", "track_clicks"), is_rare=True),
            Group(
                title="Security of webhooks",
                lines=(("webhook_user", "webhook_password"),),
                is_rare=True,
            ),
            CERTIFICATE,
        )

        def clean(self) -> None:
            if self.errors:
                return
            given = self.cleaned_data
            if bool(given["webhook_user"]) != bool(given["webhook_password"]):
                raise ValidationError("The webhook's user and password are only useful together.")

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self.batch_size = self.config.get("batch") or 1

    def batch_key(self, message: OutboundMessage) -> Hashable:
        """By sender; a free text to WhatsApp has no call that takes several."""
        return message.id if self._is_free_text(message) else (message.channel, message.sender)

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        first = messages[0]
        if self._is_free_text(first):
            return self._post(TEXT_PATH, whatsapp_text(first, self.config, self.webhook_url))
        made = BODIES[first.channel]
        body: dict[str, Any] = {
            "messages": [made(each, self.config, self.webhook_url) for each in messages]
        }
        if first.channel != Channel.WHATSAPP:
            body["options"] = {"tracking": self._tracking()}
        return self._post(PATHS[first.channel], body)

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        return results_in(answer, [message.id for message in messages])

    def refusal(self, answer: HttpAnswer) -> ProviderError:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured("HTTP 404: is the base URL right?")
        problem = problem_of(answer)
        problem.detail = described(answer) or problem.detail
        return problem

    def lookup_size(self, channel: Channel) -> int:
        return IDS_PER_QUESTION if channel in LOG_PATHS else 0

    def lookup_call(self, channel: Channel, message_ids: Sequence[str]) -> HttpCall:
        ids = ",".join(quote(each, safe="") for each in message_ids)
        return self._get(f"{LOG_PATHS[channel]}?messageId={ids}")

    def found(self, message_ids: Sequence[str], answer: HttpAnswer) -> Findings:
        if not is_success(answer):
            raise self.refusal(answer)
        listed = object_in(answer).get("results")
        if not isinstance(listed, list):
            raise unreadable(answer)
        updates = reports_in({"results": [each for each in listed if is_logged(each)]})
        return Findings(updates=tuple(few(updates)))

    def reported(self, channel: Channel) -> frozenset[Status]:
        """Clicks only where links are tracked."""
        untold = frozenset() if self.config.get("track_clicks") else {Status.CLICKED}
        return self.reports_on(channel) - untold

    def check_connection(self) -> str:
        """Posts an empty object to each channel: without messages nothing can be sent."""
        outcomes = {channel: self._tried(path) for channel, path in PATHS.items()}
        open_to = [channel.label for channel, problem in outcomes.items() if problem is None]
        if not open_to:
            raise next(problem for problem in outcomes.values() if problem is not None)
        return f"Infobip took the key, which is good for {', '.join(open_to)}."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Holds the Basic credentials against the account's, where there are any."""
        if password := self.config.get("webhook_password"):
            user = self.config["webhook_user"]
            check_proof(request, proof=BASIC, secret=password, username=user)

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return few(report for item in items(request) for report in reports_in(item))

    def _is_free_text(self, message: OutboundMessage) -> bool:
        return message.channel == Channel.WHATSAPP and is_free_text(self.config)

    def _tried(self, path: str) -> ProviderError | None:
        """What keeps the key from this channel; None where an empty call is refused as it is."""
        answer = self.ask(self._post(path, {}))
        if answer.status == HTTPStatus.BAD_REQUEST and described(answer):
            return None
        problem = self.refusal(answer)
        if is_success(answer) or isinstance(problem, MessageRejected):
            return GatewayMisconfigured("it does not answer as Infobip does")
        return problem

    def _tracking(self) -> dict[str, Any]:
        # Links stay as they were written unless asked for: what the default is without this
        # object is not documented.
        if not self.config.get("track_clicks"):
            return {"shortenUrl": False, "trackClicks": False}
        reported = {"trackingUrl": self.webhook_url} if self.webhook_url else {}
        return {"shortenUrl": True, "trackClicks": True, **reported}

    def _get(self, path: str) -> HttpCall:
        return HttpCall(
            method="GET",
            url=self.config["base_url"].rstrip("/") + path,
            headers={
                "Authorization": f"App {self.config['api_key']}",
                "Accept": "application/json",
            },
            authority=self.authority,
        )

    def _post(self, path: str, body: Mapping[str, Any]) -> HttpCall:
        return HttpCall(
            method="POST",
            url=self.config["base_url"].rstrip("/") + path,
            headers={
                "Authorization": f"App {self.config['api_key']}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            body=json.dumps(body).encode(),
            authority=self.authority,
        )
