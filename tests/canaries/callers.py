"""Smartico, the platform and the providers as they call the gateway, and all that they are
answered."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from django.test import Client

from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from gateways.providers.base import WebhookRequest
from tests.canaries.birds import (
    ADDRESS_AS_ID,
    BODY,
    CALLBACK_PATH,
    CALLED_ID,
    NUMBER_CALLED_ID,
    PLATFORM_KEY,
    PREVIEW_ADDRESS,
    PROVIDER_SECRET,
    SMARTICO_KEY,
    STATUS_KEY,
    Bird,
    address,
    telephone,
)
from tests.canaries.reports import about, disguises_of, provider_id_in, tried
from tests.gateways.providers.webhooks import arrive, recorded
from tests.messages_app.house import PATHS
from users.models import EndUser

AT_ONCE = 8
SECONDS = 30
FETCHES_A_CERTIFICATE = "amazon_ses"
"""Its webhooks are proven by a certificate that stands at Amazon, where no test calls: they come in
within this process, which has one of its own."""


@dataclass(kw_only=True)
class Caller:
    """Whoever calls one gateway over HTTP, and what it was answered."""

    url: str
    answers: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, **request: Any) -> requests.Response:
        request.setdefault("allow_redirects", False)
        answer = requests.request(method, self.url + path, timeout=SECONDS, **request)
        self.answers.append(f"{answer.status_code} {answer.headers}\n{answer.text}")
        return answer


@dataclass(kw_only=True)
class Smartico(Caller):
    """Posts messages, good and bad."""

    callback_url: str = ""
    key: Bird = SMARTICO_KEY

    def post(self, channel: str, uid: str, user: str, **changes: Any) -> dict[str, Any]:
        """The answer to one request."""
        body = self._body(channel, uid, user) | changes
        told: dict[str, Any] = self.call(
            "POST", f"/api/v1/{PATHS[Channel(channel)]}", json=body, headers=self._headers()
        ).json()
        return told

    def post_all(self, messages: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
        """(channel, uid, user) each, several at a time."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(lambda message: self.post(*message), messages))

    def post_what_is_refused(self) -> set[int]:
        """With an address wherever one can stand. Answers the error numbers."""
        who, number = address(0), telephone(0)
        answers = [
            self.post(Channel.SMS, "r-1", f"{ADDRESS_AS_ID}.au"),
            self.post(Channel.SMS, "r-2", who * 20),
            self.post(Channel.EMAIL, "r-3", "sandbox", from_email_address=f"{who}, {who}"),
            self.post(Channel.EMAIL, "r-4", "sandbox", subject=f"{who}\r\nBcc: {who}"),
            self.post(Channel.EMAIL, "r-5", "sandbox", to_email_address=who),
            self.post(
                Channel.EMAIL, "r-6", "sandbox", activity_type="preview", to_email_address=who
            ),
            self.post(Channel.EMAIL, "r-7", "sandbox", activity_type=who),
            self.post(Channel.SMS, "r-8", "sandbox", callback_url=f"https://evil.example/{who}"),
            self.post(Channel.CUSTOM_IM, "r-9", "sandbox", extension={who: number}),
            self.post(Channel.SMS, ADDRESS_AS_ID, "sandbox", body=[number]),
            self._raw(f'{{"ext_user_id": "{who}" {number}'.encode()),
            self._raw(b"{}", {"Authorization": who}),
            self._raw(b"{}", {"X-House": number}),
            self.call("PUT", f"/api/v1/{who}/{number}", headers=self._headers()).json(),
        ]
        return {answer["error_code"] for answer in answers}

    def _raw(self, body: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        own = self._headers() | (headers or {})
        told: dict[str, Any] = self.call("POST", "/api/v1/sms", data=body, headers=own).json()
        return told

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self.key.spelled, "X-House": PROVIDER_SECRET.spelled}

    def _body(self, channel: str, uid: str, user: str) -> dict[str, Any]:
        common = {
            "ext_user_id": user,
            "callback_url": f"{self.callback_url}/{CALLBACK_PATH.spelled}",
            "body": f"{BODY.spelled}: you are {address(0)} and {telephone(0)}",
        }
        if channel == Channel.EMAIL:
            return common | {"email_uid": uid, "subject": BODY.spelled, "text_body": BODY.spelled}
        return common | {"im_uid": uid}


ADDRESSES_CALLED_IDS = (f"{CALLED_ID.spelled}@nobody.example", f"+49{NUMBER_CALLED_ID.spelled}01")
PREVIEW = {"activity_type": "preview", "to_email_address": PREVIEW_ADDRESS}


class Reporter(Caller):
    """A provider, or a notification centre, that reports back."""

    def post_recorded(
        self, gateways: dict[str, Gateway], user: EndUser, number: int, callback_url: str
    ) -> None:
        """Every recorded webhook, each about a message of its own to that person."""
        by_provider = {gateway.provider: gateway for gateway in gateways.values()}
        words, posted = disguises_of(number), []
        for sample in recorded():
            gateway = by_provider[sample.slug]
            message = tried(gateway, user, callback_url, provider_id_in(sample))
            url = f"{settings.PUBLIC_URL}/callbacks/webhooks/{gateway.token.reveal()}"
            request = sample.posted(about(sample, message, number, words), url=url)
            if sample.slug == FETCHES_A_CERTIFICATE:
                self._post_at_home(request)
            else:
                posted.append(request)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._post, posted))

    def post_nonsense(self, gateways: dict[str, Gateway], number: int) -> None:
        tokens = [str(gateway.token.reveal()) for gateway in gateways.values()]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda token: self._post_nonsense(token, number), tokens))
        self.call("POST", f"/callbacks/webhooks/{quote(address(number))}", data=address(number))

    def _post_nonsense(self, token: str, number: int) -> None:
        who, path = address(number), f"/callbacks/webhooks/{token}"
        for body in (f"not json {who}", json.dumps({"status": who, "to": telephone(number)})):
            self.call("POST", path, data=body, headers={"Content-Type": "application/json"})
        self.call("GET", f"{path}?{quote(who)}={quote(telephone(number))}")

    def tell(self, message_id: str, gateway: Gateway) -> None:
        """Statuses of one message by Smartico's own reporting protocol, some of them wrong."""
        for path in ("", f"/{gateway.token.reveal()}"):
            for status, known_as in (
                *(("opened", message_id), (address(1), "nobody")),
                *(("delivered", name) for name in ADDRESSES_CALLED_IDS),
            ):
                query = {"type": "sms", "ext_message_id": known_as, "status": status}
                key = {"api_key": STATUS_KEY.spelled}
                self.call("GET", f"/callbacks/status{path}", params=query | key)
                self.call("GET", f"/callbacks/status{path}", params=query | {"api_key": address(1)})

    def _post(self, request: WebhookRequest) -> None:
        target = request.url.removeprefix(settings.PUBLIC_URL)
        self.call("POST", target, data=request.body, headers=dict(request.headers))

    def _post_at_home(self, request: WebhookRequest) -> None:
        answer = arrive(Client(), request)
        self.answers.append(f"{answer.status_code} {answer.headers}\n{answer.content!r}")


class Platform(Caller):
    """The platform's own back end."""

    def tell(self) -> None:
        """What it can, and what it cannot, with addresses wherever one can stand."""
        who, number = address(60), telephone(60)
        user = {"ext_user_id": "told", "email": who, "phone": number, "properties": {}}
        order = {"ext_user_id": "told", "external_id": who, "status": who, "total": number}
        bad = [{"ext_user_id": who * 9}, {"email": who}, who, {who: number}, {**user, "brand": who}]
        self.ask("POST", "users", json=[user, *bad])
        self.ask("POST", "users", data=f'{{"email": "{who}" {number}')
        for path in ("users/told", "users", f"users/{quote(ADDRESS_AS_ID)}"):
            self.ask("GET", path)
        self.ask("GET", "users", params={"email": who, "phone": number, "after": who})
        self.ask("PATCH", "users/told", json={"email": [who], who: number})
        self.ask("PATCH", f"users/{quote(ADDRESS_AS_ID)}.au", json={"phone": [number]})
        self.ask("POST", "suppressions", json={"emails": [who, f"{who},{who}"], "channel": "email"})
        self.ask("POST", "suppressions", json={"phones": [number, who], "channel": who})
        self.ask("POST", "suppressions/remove", json={"emails": [who], "channel": "email"})
        self.ask("POST", "events", json=[{"ext_user_id": "told", "type": who}, *bad])
        self.ask("POST", "orders", json=[order, *bad])
        self.ask("GET", "messages", params={"ids": f"{ADDRESS_AS_ID},nobody"})
        self.ask("DELETE", "users/told")
        for path in ("fields", "account", who):
            self.ask("GET", quote(path))
        self.call("GET", "/platform/v1/users", headers={"Authorization": who})

    def ask(self, method: str, path: str, **request: Any) -> None:
        headers = {
            "Authorization": f"Bearer {PLATFORM_KEY.spelled}",
            "Idempotency-Key": address(61),
        }
        if "data" in request:
            headers["Content-Type"] = "application/json"
        self.call(method, f"/platform/v1/{path}", headers=headers, **request)
