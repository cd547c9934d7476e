"""An HTTP API that nobody knew beforehand, described by its operator in the form.

There is no source document: what is called, what an answer means and how reports are read stands
in the configuration. Where it says nothing, the HTTP status decides as it does everywhere.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import asked_wait, said
from gateways.providers.base import (
    Findings,
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpAnswer,
    HttpCall,
    HttpProvider,
    MessageRejected,
    OutboundMessage,
    OutcomeUnknown,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookAnswer,
    WebhookRequest,
    is_success,
    problem_of,
    unreadable,
)
from gateways.providers.http_api_form import LEARNT, HttpApiForm
from gateways.providers.http_api_reports import (
    challenge_answer,
    is_report,
    report_in,
    reports_in,
    told_by,
)
from gateways.providers.lookups import as_word, looked_up
from gateways.providers.placeholders import (
    CREDENTIAL,
    OUR_ID,
    Values,
    filled,
    filled_url,
    values_of,
)
from gateways.providers.proofs import TOKEN, basic, check_proof
from gateways.providers.values import identifier


def _refused_by_person(learnt: Status, answer: HttpAnswer) -> ProviderError:
    """The API sends no more to somebody who told it so."""
    return MessageRejected(said(answer), learnt=(learnt,))


KINDS: Mapping[str, Callable[[HttpAnswer], ProviderError]] = {
    "reject": lambda answer: MessageRejected(said(answer)),
    "later": lambda answer: GatewayUnavailable(said(answer), retry_after=asked_wait(answer)),
    "misconfigured": lambda answer: GatewayMisconfigured(said(answer)),
    "unknown": lambda answer: OutcomeUnknown(said(answer)),
    "permanent": lambda answer: MessageRejected(said(answer), is_permanent=True),
    **{word: partial(_refused_by_person, status) for word, status in LEARNT.items()},
}
"""The meanings in the table of errors."""
CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


class HttpApi(HttpProvider):
    slug = "http_api"
    title = "Your own HTTP API"
    channels = tuple(Channel)
    needs = "The documents of the API: its URL, credentials, body, answers and delivery reports."
    instructions = (
        "Choose method, URL and authentication, and write the body as the API's documents show it, "
        "with placeholders such as {{ message.text }} where values go. A key that belongs into the "
        "URL or the body is the secret, and stands there as {{ secret }}.",
        "Say how an answer says yes, where their id of the message stands in it, and what its "
        "errors mean. Some say that an address does not exist, or that its owner wants no more: it "
        "is then not written to again.",
        "Give the API our webhook URL for its delivery reports, and choose how they prove who sent "
        "them.",
        "Paste one real report under Try it, and click on its values: their places come into the "
        "form, and you see which statuses would be read from it.",
        "Look at the request for a sample message under Try it, then make a test send.",
    )
    reports = frozenset(Status)
    proof = "as you choose: HMAC, header, Basic, Standard Webhooks"

    class Config(HttpApiForm):
        pass

    @property
    def idempotent(self) -> bool:  # type: ignore[override]
        """Whether the operator says so of the API."""
        return bool(self.config.get("is_idempotent"))

    def address_channel(self, channel: Channel) -> Channel | None:
        if channel != Channel.CUSTOM_IM:
            return channel
        goes_to = self.config.get("address_from")
        return Channel(goes_to) if goes_to else None

    def reported(self, channel: Channel) -> frozenset[Status]:
        return told_by(self.config)

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        (message,) = messages
        if message.recipient is None and self.address_channel(message.channel):
            raise MessageRejected("there is no recipient")
        told = values_of(message, webhook_url=self.webhook_url, status_url=self.status_url)
        values = {**told, CREDENTIAL: self._secret}
        return HttpCall(
            method=self.config["method"],
            url=filled_url(self.config["url"], values),
            headers=self._headers(message.id),
            body=self._body(values),
            authority=self.authority,
        )

    def results(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        return [self._outcome(answer) for _ in messages]

    may_look_up = True

    def lookup_size(self, channel: Channel) -> int:
        return 1 if self.config.get("lookup_url") else 0

    def lookup_call(self, channel: Channel, message_ids: Sequence[str]) -> HttpCall:
        (message_id,) = message_ids
        values = {OUR_ID: message_id, CREDENTIAL: self._secret}
        return HttpCall(
            method="GET",
            url=filled_url(self.config["lookup_url"], values),
            headers=self._own_headers(),
            authority=self.authority,
        )

    def found(self, message_ids: Sequence[str], answer: HttpAnswer) -> Findings:
        """A report without a status says nothing of the message. One that names another is none."""
        (message_id,) = message_ids
        if answer.status == HTTPStatus.NOT_FOUND:
            is_sure = self.config.get("lookup_absent")
            return Findings(never_taken=frozenset(message_ids if is_sure else ()))
        if not is_success(answer):
            raise problem_of(answer)
        told = read_answer(answer.text) if not answer.is_cut else None
        report = report_in(told, self.config) if told is not None else None
        if report is None or not report.word or report.message_id not in (None, message_id):
            return Findings()
        return Findings(updates=(replace(report, message_id=message_id),))

    def check_connection(self) -> str:
        """Asks for the head of the URL: no other call of an unknown API is sure to send nothing."""
        url = self.config["url"].partition("{{")[0].partition("?")[0]
        call = HttpCall(
            method="HEAD",
            url=url,
            headers=self._headers(""),
            authority=self.authority,
        )
        answer = self.ask(call)
        problem = problem_of(answer)
        if isinstance(problem, GatewayMisconfigured) and answer.status // 100 == 4:
            raise problem
        return f"The API can be reached; it answered HTTP {answer.status}, and was sent nothing."

    def verify_webhook(self, request: WebhookRequest) -> None:
        config = self.config
        check_proof(
            request,
            proof=config.get("webhook_proof", TOKEN),
            secret=config.get("webhook_secret", ""),
            header=config.get("webhook_header", ""),
            username=config.get("webhook_username", ""),
        )

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return reports_in(request, self.config)

    def is_report(self, request: WebhookRequest) -> bool:
        """Where the operator says that reports come so."""
        return is_report(request, self.config)

    def answer_probe(self, request: WebhookRequest) -> WebhookAnswer:
        """The challenge echoed, where the operator says that there is one."""
        return challenge_answer(request, self.config)

    @property
    def _secret(self) -> str:
        return str(self.config.get("secret", ""))

    def _headers(self, message_id: str) -> dict[str, str]:
        headers = self._own_headers()
        if kind := CONTENT_TYPES.get(self.config["body_kind"]):
            headers["Content-Type"] = kind
        name = self.config.get("idempotency_header")
        if name and message_id:
            headers[name] = message_id
        return headers

    def _own_headers(self) -> dict[str, str]:
        further = filled(self.config.get("headers") or {}, {CREDENTIAL: self._secret})
        return {**further, **self._credentials()}

    def _credentials(self) -> dict[str, str]:
        secret = self._secret
        match self.config["auth"]:
            case "header":
                return {self.config["auth_header"]: secret}
            case "basic":
                return {"Authorization": basic(self.config["username"], secret)}
            case "bearer":
                return {"Authorization": f"Bearer {secret}"}
        return {}

    def _body(self, values: Values) -> bytes:
        kind = self.config["body_kind"]
        if kind == "none":
            return b""
        body = filled(self.config["body"], values)
        if kind == "json":
            return json.dumps(body).encode()
        return urlencode(_form(body), errors="replace").encode()

    def _outcome(self, answer: HttpAnswer) -> SendResult | ProviderError:
        told = read_answer(answer.text) if not answer.is_cut else None
        problem = self._problem(answer, told)
        if problem:
            return problem
        provider_id = self._provider_id(answer, told)
        if provider_id is None and (self.config.get("id_path") or self.config.get("id_header")):
            return unreadable(answer)
        return SendResult(provider_id=provider_id)

    def _problem(self, answer: HttpAnswer, told: object) -> ProviderError | None:
        """What the answer is if it is no yes."""
        table = {word.lower(): kind for word, kind in self.config.get("errors_table", {}).items()}
        code = as_word(looked_up(self.config.get("error_path"), told)).lower()
        kind = table.get(code) if code else None
        kind = kind or table.get(f"http {answer.status}")
        if kind:
            return KINDS[kind](answer)
        if not in_ranges(answer.status, self.config["success_statuses"]):
            return unreadable(answer) if is_success(answer) else problem_of(answer)
        return self._denial(answer, told)

    def _denial(self, answer: HttpAnswer, told: object) -> ProviderError | None:
        path = self.config.get("success_path")
        if not path:
            return None
        value = as_word(looked_up(path, told))
        if value in self.config["success_values"].splitlines():
            return None
        return MessageRejected(said(answer)) if value else unreadable(answer)

    def _provider_id(self, answer: HttpAnswer, told: object) -> str | None:
        if header := self.config.get("id_header"):
            return identifier(answer.headers.get(header.lower()))
        return identifier(looked_up(self.config.get("id_path"), told))


def in_ranges(status: int, ranges: str) -> bool:
    """Whether `200-299, 409` or the like names this status."""
    bounds = (each.split("-") for each in ranges.split(","))
    return any(int(bound[0]) <= status <= int(bound[-1]) for bound in bounds)


def _form(body: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form: what there is no value for is left out."""
    return {name: _field(value) for name, value in body.items() if value is not None}


def _field(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value if isinstance(value, str) else as_word(value)
