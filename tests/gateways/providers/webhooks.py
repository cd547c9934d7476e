"""Recorded webhooks, and requests signed as their providers sign them.

A recorded webhook is a JSON file: `expected` are the updates, fields by name, and its body is
`payload` (JSON), `form` (names and values, form-encoded) or `text` (as it stands). `headers` and
`query` are optional.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gateway_project.lib.personal import Personal
from gateways.providers.base import StatusUpdate, WebhookRequest
from tests.gateways.providers.canaries import WEBHOOK_URL
from tests.gateways.providers.examples import ACCOUNTS

RECORDED = Path(__file__).parent / "recorded"
SIGNERS = {slug: account.signed for slug, account in ACCOUNTS.items() if hasattr(account, "signed")}
"""By provider: makes a request what the provider would have sent."""
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
            )
        )
    return samples


def _body(kind: str, told: Any) -> bytes:
    if kind == "payload":
        return json.dumps(told).encode()
    return (urlencode(told) if kind == "form" else told).encode()
