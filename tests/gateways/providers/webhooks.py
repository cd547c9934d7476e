"""Recorded webhooks, and requests signed as their providers sign them.

A recorded webhook is a JSON file: `source` is the document that it follows, `expected` are the
updates, fields by name, and its body is `payload` (JSON), `form` (names and values, form-encoded)
or `text` (as it stands). `headers` and `query` are optional, and so are the `channels` whose
messages can be told of in this way: all of the provider's where none is named.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from django.http import HttpResponse
from django.test import Client

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import StatusUpdate, WebhookRequest
from tests.gateways.providers.canaries import WEBHOOK_URL
from tests.gateways.providers.examples import ACCOUNTS

RECORDED = Path(__file__).parent / "recorded"
SIGNERS = {slug: account.signed for slug, account in ACCOUNTS.items() if hasattr(account, "signed")}
"""By provider: makes a request what the provider would have sent."""
RECORDED_AT = "2026-11-21T07:00:00Z"
"""The moment of those whose signature holds the time that is told."""
TYPES = {
    "payload": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain",
}


def posted(
    slug: str,
    body: bytes,
    *,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    url: str = WEBHOOK_URL,
) -> WebhookRequest:
    """A webhook with that body, as this provider sends it."""
    url = f"{url}?{urlencode(query)}" if query else url
    request = WebhookRequest(
        method="POST", url=url, headers=headers or {}, query=query or {}, body=body
    )
    return SIGNERS[slug](request) if slug in SIGNERS else request


def arrive(client: Client, request: WebhookRequest) -> HttpResponse:
    """Has the request come in over the whole of Django."""
    parts = urlsplit(request.url)
    headers = dict(request.headers)
    kind = headers.pop("content-type", "")
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return client.generic("POST", target, request.body, content_type=kind, headers=headers)


@dataclass(frozen=True)
class Sample:
    """A recorded webhook as it came, and the `expected` updates."""

    slug: str
    name: str
    kind: str
    body: bytes
    headers: dict[str, str]
    query: dict[str, str]
    expected: list[dict[str, Any]]
    source: str
    channels: tuple[Channel, ...]

    @property
    def text(self) -> str:
        """Its body as it can be read."""
        return unquote_plus(self.body.decode()) if self.kind == "form" else self.body.decode()

    def texts(self) -> list[str]:
        """Every text in it that is no object itself, wherever it stands."""
        found: list[Any] = [self.text if self.kind == "text" else _document(self)]
        for each in found:
            if isinstance(each, dict | list):
                found += each.values() if isinstance(each, dict) else each
            elif isinstance(each, str) and each.startswith(("{", "[{")):
                found.append(json.loads(each))
        return [each for each in found if isinstance(each, str)]

    @property
    def reason(self) -> str:
        """The longest text in it that is told on as a reason; "" where there is none."""
        details = [told["detail"] for told in self.expected if "detail" in told]
        words = {told.get("word") for told in self.expected}
        found = (
            text
            for text in self.texts()
            if len(text) > 3 and text not in words and any(text in each for each in details)
        )
        return max(found, key=len, default="")

    def saying(self, more: str) -> bytes:
        """Its body with more after its reason, whatever signs are in it."""
        old, new = self.reason, f"{self.reason} {more}"
        if self.kind == "payload":
            return json.dumps(_reworded(_document(self), old, new)).encode()
        if self.kind == "text":
            return self.body.replace(old.encode(), new.encode())
        form = parse_qsl(self.body.decode(), keep_blank_values=True)
        return urlencode([(name, _reworded(value, old, new)) for name, value in form]).encode()

    def rewritten(self, old: str, new: str) -> bytes:
        """Its body with other words in it."""
        if self.kind != "form":
            return self.body.replace(old.encode(), new.encode())
        form = parse_qsl(self.body.decode(), keep_blank_values=True)
        return urlencode([(name, value.replace(old, new)) for name, value in form]).encode()

    def posted(self, body: bytes | None = None, url: str = WEBHOOK_URL) -> WebhookRequest:
        """The request; with another body where one is given."""
        headers = {"content-type": TYPES[self.kind]} | self.headers
        given = self.body if body is None else body
        return posted(self.slug, given, headers=headers, query=self.query, url=url)

    @staticmethod
    def comparable(update: StatusUpdate) -> dict[str, Any]:
        """What is not at its default, as JSON would write it."""
        default = StatusUpdate(status=None)
        told = {each.name: getattr(update, each.name) for each in fields(StatusUpdate)}
        return {
            name: _as_json(value)
            for name, value in told.items()
            if name == "status" or value != getattr(default, name)
        }


def _as_json(value: object) -> object:
    plain = value.reveal() if isinstance(value, Personal) else value
    return json.loads(json.dumps(plain, default=str))


def _reworded(told: Any, old: str, new: str) -> Any:
    """The value with another text in it, also where a text is JSON itself."""
    match told:
        case dict():
            return {name: _reworded(value, old, new) for name, value in told.items()}
        case list():
            return [_reworded(value, old, new) for value in told]
        case str() if told.startswith(("{", "[{")):
            return json.dumps(_reworded(json.loads(told), old, new))
        case str():
            return told.replace(old, new)
        case _:
            return told


def recorded() -> list[Sample]:
    samples = []
    for file in sorted(RECORDED.glob("*/*.json")):
        told = json.loads(file.read_text())
        kind = next(name for name in TYPES if name in told)
        samples.append(
            Sample(
                slug=file.parent.name,
                name=f"{file.parent.name}/{file.stem}",
                kind=kind,
                body=_body(kind, told[kind]),
                headers=told.get("headers", {}),
                query=told.get("query", {}),
                expected=told["expected"],
                source=told.get("source", ""),
                channels=tuple(map(Channel, told.get("channels", Channel.values))),
            )
        )
    return samples


def _document(sample: Sample) -> Any:
    text = sample.body.decode()
    return dict(parse_qsl(text)) if sample.kind == "form" else json.loads(text)


def _body(kind: str, told: Any) -> bytes:
    if kind == "payload":
        return json.dumps(told).encode()
    return (urlencode(told) if kind == "form" else told).encode()


NEW_WORD = "zugestellt"


def first_samples() -> dict[str, Sample]:
    """By provider, one that names a message by an id."""
    named = [each for each in recorded() if {"message_id", "provider_id"} & _told(each).keys()]
    return {sample.slug: sample for sample in reversed(named)}


def with_a_new_word(slug: str) -> Iterator[tuple[Sample, bytes]]:
    """The provider's recorded webhooks, each with a body in which its word is one of no table."""
    for sample in recorded():
        words = [item["word"] for item in sample.expected if item.get("word")]
        if sample.slug == slug and words:
            yield sample, sample.rewritten(words[0], NEW_WORD)


def forgeries(sample: Sample, signature: str) -> list[WebhookRequest]:
    """The signed webhook, each time with that in place of one part of what proves it, or without
    the part where it is empty. The others are as the provider sends them."""
    request, module = sample.posted(), ACCOUNTS[sample.slug]
    if hasattr(module, "forged"):
        return [module.forged(request, signature)]
    parts = sorted(request.headers.keys() - sample.headers.keys() - {"content-type"})
    assert parts
    return [_with_header(request, name, signature) for name in parts]


def tampered(sample: Sample) -> WebhookRequest:
    """The signed webhook, which now tells of another message or another status."""
    request, told = sample.posted(), _told(sample)
    values = (str(told[name]) for name in ("message_id", "provider_id", "word") if name in told)
    old = next(value.encode() for value in values if value.encode() in request.body)
    return replace(request, body=request.body.replace(old, old[:-1] + b"x"))


def _told(sample: Sample) -> dict[str, Any]:
    return sample.expected[0] if sample.expected else {}


def _with_header(request: WebhookRequest, name: str, value: str) -> WebhookRequest:
    others = {each: told for each, told in request.headers.items() if each != name}
    return replace(request, headers=others | ({name: value} if value else {}))
