"""eSputnik (Yespo): e-mail, SMS, Viber, and Custom IM as events or prepared messages.

Sources: "Overview of API functionality" and the API reference on docs.yespo.io, and the API
questions and answers on esputnik.com. Webhooks are signed by nothing: the token in the URL is the
credential, and a user and password may be asked for besides. Their `iid` is not documented to be
the `requestId` of a send, so what became of messages is also asked for.

How an event is answered is not documented: an empty 2xx, or an object without an error, is a yes.
It names no message, so nothing can be asked about it.
"""

import json
from collections.abc import Hashable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers import esputnik_requests as requests
from gateways.providers.base import (
    ID_HEADER,
    GatewayMisconfigured,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    OutboundMessage,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookRequest,
    is_success,
    problem_of,
    unreadable,
)
from gateways.providers.esputnik_account import (
    AS_EVENT,
    AS_MESSAGE,
    AS_PREPARED,
    BY_CUSTOMER_ID,
    BY_EMAIL,
    BY_PHONE,
    ESputnikConfig,
)
from gateways.providers.esputnik_activities import OPT_OUTS, activities, listed, polled
from gateways.providers.esputnik_answers import event_taken, in_order, result_of
from gateways.providers.esputnik_relays import ESputnikRelays
from gateways.providers.proofs import BASIC, basic, check_proof
from gateways.providers.values import items

IDS_PER_QUESTION = 50
"""So many ids of 36 characters make a URL that every server takes."""


class ESputnik(ESputnikRelays, HttpProvider):
    slug = "esputnik"
    title = "eSputnik (Yespo)"
    channels = (Channel.EMAIL, Channel.SMS, Channel.VIBER, Channel.CUSTOM_IM)
    needs = "An API key, and a sender that is validated in the account."
    instructions = (
        "In eSputnik, make an API key under Settings, API, and fill it in with the base URL of "
        "your account. Every recipient becomes a contact there.",
        "Choose what is sent. For a prepared message fill in its ID; for events, and for Custom IM "
        "beside plain messages, the event type key.",
        "Set a From on the next screen: a sender that is validated in the account (Viber and SMS: "
        "an approved name). Answers to mails go to it, too: eSputnik's API knows no Reply-To, so a "
        "message's own is left out.",
        "Under Settings, Data export, add a webhook with our webhook URL, so that opens, clicks "
        "and opt-outs come at once. Deliveries are also asked for, whatever the webhook tells.",
        "Where you give that webhook Basic authentication, fill in its user and password here.",
    )
    may_batch = True
    reports = frozenset(Status)
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {
        Channel.SMS: frozenset({Status.OPENED, Status.COMPLAINED}),
        Channel.VIBER: frozenset({Status.COMPLAINED}),
    }
    text_limit: ClassVar[Mapping[Channel, int]] = {Channel.VIBER: 1000}
    Config = ESputnikConfig

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self.mode: str = self.config.get("mode") or AS_MESSAGE
        if self.mode == AS_PREPARED:
            self.batch_size = self.config.get("batch") or 1
        if self.mode != AS_EVENT:
            self.poll_size = IDS_PER_QUESTION

    def address_channel(self, channel: Channel) -> Channel | None:
        """Custom IM goes to the address that names the contact; to none by externalCustomerId."""
        if channel != Channel.CUSTOM_IM:
            return channel
        return {BY_EMAIL: Channel.EMAIL, BY_PHONE: Channel.SMS}.get(self._contact_key)

    def reported(self, channel: Channel) -> frozenset[Status]:
        """An event names no message: only what comes by the address can be learnt of it."""
        learnt = self.reports_on(channel)
        if self._is_event_on(channel):
            return learnt & {Status.ACCEPTED, Status.REJECTED, *OPT_OUTS}
        return learnt

    def batch_key(self, message: OutboundMessage) -> Hashable:
        return message.channel, requests.from_name(message)

    def content_problem(self, channel: Channel, text: str, html: str) -> str | None:
        problem = super().content_problem(channel, text, html)
        is_raw = self.mode == AS_MESSAGE and channel in requests.PATHS
        return problem or (requests.raw_problem(text, html) if is_raw else None)

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        first = messages[0]
        if self.mode == AS_PREPARED:
            path = f"message/{self.config['prepared_id']}/smartsend"
            return self.post_call(path, self._prepared(list(messages)), message_id=first.id)
        if self._is_event_on(first.channel):
            return self.post_call("event", self._event(first), message_id=first.id)
        body = requests.raw(first, track_links=self._track_links)
        return self.post_call(requests.PATHS[first.channel], body, message_id=first.id)

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        told = read_answer(answer.text)
        if self._is_event_on(messages[0].channel):
            return [event_taken(answer, told)]
        results = listed(told.get("results")) if isinstance(told, Mapping) else []
        if len(messages) == 1 and len(results) == 1:
            return [result_of(results[0], answer)]
        return [result_of(each, answer) for each in in_order(messages, results)]

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return GatewayMisconfigured(
                "HTTP 404: is the base URL, or the prepared message, wrong?"
            )
        return None

    def status_call(self, provider_ids: Sequence[str]) -> HttpCall:
        ids = ",".join(quote(each, safe="") for each in provider_ids)
        return self.get_call(f"message/status?ids={ids}")

    def statuses(self, answer: HttpAnswer) -> list[StatusUpdate]:
        if not is_success(answer):
            raise problem_of(answer)
        told = read_answer(answer.text)
        if not isinstance(told, Mapping) or "results" not in told:
            raise unreadable(answer)
        return [update for item in listed(told["results"]) for update in polled(item)]

    def check_connection(self) -> str:
        """Asks for the account, which every key may see, and for what is left to send with."""
        account = self.ask(self.get_call("account/info"))
        if not is_success(account):
            raise self.refusal(account) or problem_of(account)
        if not isinstance(read_answer(account.text), Mapping):
            raise GatewayMisconfigured("it does not answer as eSputnik does")
        return f"eSputnik took the key.{self._balance()}"

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Asks for the user and password, where there are; else the token in the URL is all."""
        if password := self.config.get("webhook_password"):
            user = self.config["webhook_user"]
            check_proof(request, proof=BASIC, secret=password, username=user)

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return activities(items(request))

    @property
    def _contact_key(self) -> str:
        return self.config.get("contact_key") or BY_CUSTOMER_ID

    @property
    def _track_links(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.config.get("track_links") or "")

    def _is_event_on(self, channel: Channel) -> bool:
        is_raw_im = self.mode == AS_MESSAGE and channel == Channel.CUSTOM_IM
        return self.mode == AS_EVENT or is_raw_im

    def _prepared(self, messages: list[OutboundMessage]) -> dict[str, Any]:
        is_email = self.address_channel(messages[0].channel) == Channel.EMAIL
        return requests.prepared(messages, is_email=is_email, params=self._params)

    def _event(self, message: OutboundMessage) -> dict[str, Any]:
        type_key = self.config.get("event_type_key")
        if not type_key:
            raise GatewayMisconfigured("Custom IM needs an event type key, or a prepared message")
        contact = self._contact(message)
        return requests.event(message, type_key=type_key, contact=contact, params=self._params)

    def _contact(self, message: OutboundMessage) -> tuple[str, str]:
        """The key that names the contact, and its value."""
        if self._contact_key == BY_CUSTOMER_ID:
            return BY_CUSTOMER_ID, message.ext_user_id
        is_email = self.address_channel(message.channel) == Channel.EMAIL
        return BY_EMAIL if is_email else BY_PHONE, requests.locator(message)

    @property
    def _params(self) -> Mapping[str, str]:
        return self.config.get("params") or {}

    def _balance(self) -> str:
        answer = self.ask(self.get_call("balance"))
        told = read_answer(answer.text) if is_success(answer) else None
        if not isinstance(told, Mapping):
            return ""
        return (
            f" Balance: {told.get('currentBalance', '?')} {told.get('currency', '')}".rstrip() + "."
        )

    def get_call(self, path: str) -> HttpCall:
        return HttpCall(
            method="GET",
            url=self._url(path),
            headers=self._credentials(),
            authority=self.authority,
        )

    def post_call(
        self, path: str, body: Mapping[str, Any], *, message_id: str | None = None
    ) -> HttpCall:
        headers = {"Content-Type": "application/json"}
        if message_id is not None:
            headers[ID_HEADER] = message_id
        return HttpCall(
            method="POST",
            url=self._url(path),
            headers=self._credentials() | headers,
            body=json.dumps(body).encode(),
            authority=self.authority,
        )

    def _url(self, path: str) -> str:
        """Below `v1`, with which some write the base URL already."""
        base = self.config["base_url"].rstrip("/")
        return f"{base}/{path}" if base.endswith("/v1") else f"{base}/v1/{path}"

    def _credentials(self) -> dict[str, str]:
        return {"Authorization": basic("gatehouse", self.config["api_key"])}
