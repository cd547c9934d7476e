"""Webex Connect (imiconnect): Send Message v2 for SMS, e-mail, RCS, and Custom IM as RCS or mail.

Sources: "Send Message v2", "Outbound Webhooks", "API Status Codes" on developers.webexconnect.io.
One destination per request, unless the account says otherwise: how an answer tells several apart is
not documented. Several in one call share its `callbackData`, so each is named by its
`correlationId` alone.

`x-hub-signature` is documented of the outbound webhooks that are set up in the account. Whether a
receipt to the `notifyUrl` of a message is signed is not: so that URL carries a mark of ours, and
either of the two lets a webhook in. The mark always goes along: the secret may be filled in while
messages are on their way.
"""

import base64
import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import jwt

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers import webex_bodies as bodies
from gateways.providers.answers import object_in
from gateways.providers.base import (
    GatewayMisconfigured,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    MessageRejected,
    OutboundMessage,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookRefused,
    WebhookRequest,
    problem_of,
)
from gateways.providers.marks import is_marked, marked
from gateways.providers.signatures import is_hex_hmac
from gateways.providers.values import items
from gateways.providers.webex_account import WebexConnectConfig
from gateways.providers.webex_answers import problem_named, results_in
from gateways.providers.webex_receipts import receipts
from gateways.providers.webex_times import ending

TRACKED: Mapping[Channel, Mapping[str, Status]] = {
    Channel.EMAIL: {"track_opens": Status.OPENED, "track_clicks": Status.CLICKED},
    Channel.SMS: {"shorten_links": Status.CLICKED, "track_clicks": Status.CLICKED},
}
"""The switches that a status hangs on, by channel: all that name it have to be on."""


class WebexConnect(HttpProvider):
    slug = "webex_connect"
    title = "Webex Connect"
    channels = (Channel.SMS, Channel.EMAIL, Channel.RCS, Channel.CUSTOM_IM)
    needs = "The base URL of your tenant, and a service key, or a service id with its secret."
    instructions = (
        "In Webex Connect, open the service whose SMS sender, e-mail app or RCS agent you want to "
        "use, and copy its service key; where it uses JSON Web Tokens, its service id and secret.",
        "Fill in the base URL of your region, such as https://api.us.webexconnect.io. "
        "The gateway posts to /v2/messages below it.",
        "Set a From on the next screen, one that this service may use: the SMS sender, an address "
        "of the e-mail app's domain, or the RCS app ID. Custom IM takes its own from here: the RCS "
        "app ID, or the From of the mails that it becomes.",
        "Receipts come to our webhook URL without further ado: every message names it as its "
        "notifyUrl. Mails are reported on by e-mail apps on Amazon SES only.",
        "Only where you set up an outbound webhook of your own: give it our webhook URL, and put "
        "the secret that signs it (x-hub-signature) into Webhook secret. Receipts that a message "
        "asked for are let in by a mark of ours in its notifyUrl, signed or not.",
    )
    may_batch = True
    reports = frozenset(Status)
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {
        Channel.SMS: frozenset({Status.OPENED, Status.COMPLAINED, Status.UNSUBSCRIBED}),
        Channel.RCS: frozenset({Status.COMPLAINED, Status.UNSUBSCRIBED}),
    }
    proof = "HMAC-SHA256 or -SHA512, or our mark in the notifyUrl, where set up"
    text_limit = bodies.TEXT_LIMIT
    html_limit = bodies.HTML_LIMIT
    Config = WebexConnectConfig

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self.batch_size = self.config.get("batch") or 1

    def address_channel(self, channel: Channel) -> Channel | None:
        """Custom IM goes to a phone number as an RCS message, or to an e-mail address as a mail."""
        return bodies.road(channel, self.config)

    def batch_key(self, message: OutboundMessage) -> Hashable:
        """Equal bodies, and an end within the same minute. What cannot leave goes alone."""
        try:
            shared = bodies.letter(message, self.config).shared
        except ProviderError:
            return message.id
        minute = message.expires_at and int(message.expires_at.timestamp()) // 60
        return minute, hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).digest()

    def reported(self, channel: Channel) -> frozenset[Status]:
        """Opens and clicks of mails, and clicks in SMS, only where they are tracked."""
        road = bodies.road(channel, self.config)
        switches = TRACKED.get(road, {}).items()
        return self.reports_on(road) - {
            told for name, told in switches if not self.config.get(name)
        }

    def content_problem(self, channel: Channel, text: str, html: str) -> str | None:
        return bodies.content_problem(channel, text, html, self.config)

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        letters = [bodies.letter(message, self.config) for message in messages]
        shared = letters[0].shared
        ends = [message.expires_at for message in messages if message.expires_at]
        body = {
            **shared,
            "to": [letter.destination for letter in letters],
            **ending(min(ends, default=None), shared, self.config),
        }
        if len(messages) == 1:
            body["callbackData"] = messages[0].id
        if self.webhook_url:
            body["notifyUrl"] = marked(self.webhook_url)
        return self._post(body)

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        return results_in(messages, answer)

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured("HTTP 404: is the base URL right?")
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        return problem_named(object_in(answer), answer)

    def check_connection(self) -> str:
        """Posts an empty object: without destination and content nothing can be sent."""
        answer = self.ask(self._post({}))
        problem = self.refusal(answer) or problem_of(answer)
        if not isinstance(problem, MessageRejected):
            raise problem
        if "code" not in object_in(answer):
            raise GatewayMisconfigured("it does not answer as Webex Connect does")
        return "Webex Connect took the credentials, and refused an empty message as it should."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Where there is a secret, holds `x-hub-signature` against it. What comes to the URL that a
        message named needs none: it brings our mark."""
        secret = self.config.get("webhook_secret")
        if not secret or is_marked(request, self.webhook_url):
            return
        given = request.headers.get("x-hub-signature", "")
        if not is_hex_hmac(given, secret=secret, body=request.body):
            raise WebhookRefused("neither x-hub-signature nor a mark of ours fits")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return [update for item in items(request) for update in receipts(item)]

    def _post(self, body: Mapping[str, Any]) -> HttpCall:
        return HttpCall(
            method="POST",
            url=self.config["base_url"].rstrip("/") + "/v2/messages",
            headers=self._credentials() | {"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
            authority=self.authority,
        )

    def _credentials(self) -> dict[str, str]:
        if key := self.config.get("service_key"):
            return {"key": key}
        claims = {"iss": self.config["service_id"], "iat": int(datetime.now(UTC).timestamp())}
        secret = base64.b64decode(self.config["service_secret"])
        return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}
