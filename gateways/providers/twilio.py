"""Twilio: Programmable Messaging, for SMS and WhatsApp.

Sources: "Messages resource", "Track the Message Status of Outbound Messages", "Webhooks Security",
"Error 90007" on twilio.com/docs; the signatures are checked by Twilio's own library.

Twilio has no field for an id of ours, so ours stands in the query of the StatusCallback, which the
signature covers. Whether a repeated request is sent twice is not excluded: it is not idempotent.
The meanings of the error codes below are general knowledge of the field, not looked up one by one;
a code that is not there is judged by its HTTP status.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from twilio.request_validator import RequestValidator, get_signature_algorithm

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import asked_wait, object_in
from gateways.providers.base import (
    ConfigForm,
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
    StatusUpdate,
    WebhookAnswer,
    WebhookRefused,
    WebhookRequest,
    is_success,
    problem_of,
    unreadable,
)
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE, CertificateField
from gateways.providers.proofs import basic
from gateways.providers.stops import says_stop
from gateways.providers.values import identifier, spoken
from gateways.providers.whatsapp_bodies import as_parameter

WORDS: Mapping[str, Status] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Status.ACCEPTED),
    "delivered": Status.DELIVERED,
    "read": Status.OPENED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.REJECTED,
}
"""`MessageStatus`. New words are to be expected, say the documents: they wait in the inbox."""

OPTED_OUT = "21610"
THROTTLED = frozenset({"14107", "20429", "30001", "30022", "63018", "63038"})
ACCOUNT_AT_FAULT = frozenset({"20003", "20005", "30002", "63007"})
NO_SUCH_ADDRESS = frozenset({"21211", "21614", "30005"})

WHATSAPP = "whatsapp:"
OUR_ID = "message_id"
LONGEST_VALIDITY_SECONDS = 36_000
SID = RegexValidator(r"\A[A-Z]{2}[0-9a-zA-Z]{1,62}\Z", "This is not a SID.")


class Twilio(HttpProvider):
    slug = "twilio"
    title = "Twilio"
    channels = (Channel.SMS, Channel.WHATSAPP)
    needs = "The account SID with its auth token, and a number or a messaging service to send from."
    instructions = (
        "Copy the account SID and the auth token from the Twilio console. The token also checks "
        "the webhooks; to send, an API key with its secret may stand in for it.",
        "Set a From on the next screen (a number, or a sender id where the country allows one), or "
        "fill in the SID of a messaging service.",
        "For WhatsApp, name an approved content template with one variable, into which the body "
        "is put. Without one, free text reaches only who wrote to you in the last 24 hours.",
        "Reports come by themselves: every message names our webhook URL as its StatusCallback.",
        "For opt-outs (STOP), also set our webhook URL as the incoming message webhook of the "
        "number or the messaging service.",
    )
    proof = "X-Twilio-Signature"
    reports = frozenset(Status) - {Status.COMPLAINED, Status.CLICKED}
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {
        Channel.SMS: frozenset({Status.OPENED})
    }
    text_limit: ClassVar[Mapping[Channel, int]] = {Channel.SMS: 1600, Channel.WHATSAPP: 1600}
    # A plain text answer to an incoming message would be sent to the person as a reply.
    webhook_answer = WebhookAnswer(body="<Response/>", content_type="text/xml")

    class Config(ConfigForm):
        base_url = BaseUrlField(
            adds=("2010-04-01/Accounts/AC[0-9a-zA-Z]+/Messages.json",),
            label="Base URL",
            initial="https://api.twilio.com",
            help_text="Another for a region, such as https://api.sydney.au1.twilio.com.",
        )
        account_sid = forms.CharField(
            label="Account SID", validators=[SID], help_text="Begins with AC."
        )
        auth_token = SecretField(
            validators=[PRINTABLE], help_text="Beside the account SID. It checks webhooks, too."
        )
        api_key_sid = forms.CharField(
            label="API key SID", required=False, validators=[SID], help_text="Begins with SK."
        )
        api_key_secret = SecretField(
            label="API key secret",
            required=False,
            validators=[PRINTABLE],
            help_text="Twilio shows it once, when the key is made.",
        )
        messaging_service_sid = forms.CharField(
            label="Messaging service SID",
            required=False,
            validators=[SID],
            help_text="Begins with MG. It chooses the sender where a message has no From.",
        )
        content_sid = forms.CharField(
            label="WhatsApp content SID",
            required=False,
            validators=[SID],
            help_text="The approved template. Empty: the body is sent as free text.",
        )
        content_variable = forms.CharField(
            required=False,
            initial="1",
            max_length=50,
            help_text="The template's variable that the body is put into, without line breaks.",
        )
        shared_key = SecretField(
            required=False,
            label="Webhook shared key",
            validators=[PRINTABLE],
            help_text="Only where webhooks are signed with a shared key instead of the token.",
        )

        authority = CertificateField()

        groups = (
            Group(
                title="Account",
                lines=("account_sid", "auth_token", "messaging_service_sid"),
            ),
            Group(
                title="WhatsApp template",
                lines=("content_sid", "content_variable"),
                channels=(Channel.WHATSAPP,),
            ),
            Group(
                title="API key",
                lines=("api_key_sid", "api_key_secret"),
                note="Sends in place of the auth token, which then only checks the webhooks.",
                is_rare=True,
            ),
            Group(
                title="Webhooks and API",
                lines=("shared_key", "base_url", "authority"),
                is_rare=True,
            ),
        )

        def clean(self) -> None:
            given = {name for name in ("api_key_sid", "api_key_secret") if self.data.get(name)}
            if not self.errors and len(given) == 1:
                raise ValidationError("An API key needs both its SID and its secret.")

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        form = {"To": self._recipient(message), **self._sender(message), **self._content(message)}
        if self.webhook_url:
            form["StatusCallback"] = f"{self.webhook_url}?{urlencode({OUR_ID: message.id})}"
        if message.expires_at:
            left = int((message.expires_at - datetime.now(UTC)).total_seconds())
            form["ValidityPeriod"] = str(min(max(left, 1), LONGEST_VALIDITY_SECONDS))
        return self._call("POST", "/Messages.json", form)

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        sid = identifier(object_in(answer).get("sid"))
        return [SendResult(provider_id=sid) if sid else unreadable(answer)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured("HTTP 404: are base URL and account SID right?")
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        told = object_in(answer)
        code = identifier(told.get("code")) or ""
        words = f"HTTP {answer.status}: {code} {told.get('message') or ''}".strip()
        if code == OPTED_OUT:
            return MessageRejected(words, learnt=(Status.UNSUBSCRIBED,))
        if code in NO_SUCH_ADDRESS:
            return MessageRejected(words, is_permanent=True)
        if code in THROTTLED:
            return GatewayUnavailable(words, retry_after=asked_wait(answer), is_throttle=True)
        return GatewayMisconfigured(words) if code in ACCOUNT_AT_FAULT else None

    def check_connection(self) -> str:
        """Fetches the account, which sends nothing."""
        answer = self.ask(self._call("GET", ".json"))
        if not is_success(answer):
            raise self.refusal(answer) or problem_of(answer)
        told = object_in(answer)
        if "sid" not in told:
            raise GatewayMisconfigured("it does not answer as Twilio does")
        return f"Twilio took the credentials; the account is {spoken(told.get('status'))}."

    def verify_webhook(self, request: WebhookRequest) -> None:
        settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
        shared_key = self.config.get("shared_key") if settings else None
        is_signed = RequestValidator(shared_key or self.config["auth_token"]).validate(
            request.url,
            _signed_part(request),
            request.headers.get("x-twilio-signature", ""),
            get_signature_algorithm(settings),
        )
        if not is_signed:
            raise WebhookRefused("X-Twilio-Signature is missing or does not fit the request")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        told = QueryDict(request.body, encoding="utf-8")
        word = spoken(told.get("MessageStatus") or told.get("SmsStatus"))
        if not word:
            raise ValueError("there is no MessageStatus in it")
        if word.lower() in ("received", "receiving"):
            return _opt_out(told)
        return _receipt(told, word, request.query.get(OUR_ID))

    def _recipient(self, message: OutboundMessage) -> str:
        if message.recipient is None:
            raise MessageRejected("there is no recipient")
        return _address(message.channel, message.recipient.reveal())

    def _sender(self, message: OutboundMessage) -> dict[str, str]:
        sender = {"From": _address(message.channel, message.sender)} if message.sender else {}
        if service := self.config.get("messaging_service_sid"):
            sender["MessagingServiceSid"] = service
        if not sender:
            raise GatewayMisconfigured("there is neither a From nor a messaging service")
        return sender

    def _content(self, message: OutboundMessage) -> dict[str, str]:
        template = self.config.get("content_sid")
        if message.channel != Channel.WHATSAPP or not template:
            return {"Body": message.text}
        variables = {self.config.get("content_variable") or "1": as_parameter(message.text)}
        return {"ContentSid": template, "ContentVariables": json.dumps(variables)}

    def _call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> HttpCall:
        config = self.config
        user = config.get("api_key_sid") or config["account_sid"]
        secret = config.get("api_key_secret") or config["auth_token"]
        headers = {"Authorization": basic(user, secret)}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        account = f"/2010-04-01/Accounts/{config['account_sid']}"
        return HttpCall(
            method=method,
            url=config["base_url"].rstrip("/") + account + path,
            headers=headers,
            body=urlencode(form or {}).encode(),
            authority=self.authority,
        )


def _address(channel: Channel, number: str) -> str:
    return WHATSAPP + number if channel == Channel.WHATSAPP else number


def _signed_part(request: WebhookRequest) -> Any:
    """What is signed beside the URL: the form, or a body whose hash stands in the URL."""
    if "bodySHA256" in request.query:
        return request.body.decode("utf-8", "replace")
    return QueryDict(request.body, encoding="utf-8")


def _receipt(told: QueryDict, word: str, message_id: str | None) -> list[StatusUpdate]:
    code = told.get("ErrorCode") or ""
    status = WORDS.get(word.lower())
    names: dict[str, Any] = {
        "message_id": message_id,
        "provider_id": identifier(told.get("MessageSid") or told.get("SmsSid")),
    }
    has_opted_out = status is Status.FAILED and code == OPTED_OUT
    updates = [
        StatusUpdate(
            **names,
            status=Status.REJECTED if has_opted_out else status,
            word=word,
            detail=f"{code} {told.get('ErrorMessage') or ''}".strip(),
            is_permanent=status is Status.FAILED and code in NO_SUCH_ADDRESS,
        )
    ]
    if has_opted_out:
        updates.append(StatusUpdate(**names, status=Status.UNSUBSCRIBED, word=word))
    return updates


def _opt_out(told: QueryDict) -> list[StatusUpdate]:
    """An incoming message: of interest only where it says stop."""
    kind = (told.get("OptOutType") or "").upper()
    is_stop = kind == "STOP" or (not kind and says_stop(told.get("Body")))
    sender = (told.get("From") or "").removeprefix(WHATSAPP)
    if not sender or not is_stop:
        return []
    return [StatusUpdate(status=Status.UNSUBSCRIBED, word="STOP", recipient=Personal(sender))]
