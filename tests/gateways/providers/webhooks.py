"""Recorded webhooks, and requests signed as their providers sign them."""

import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateways.providers.base import StatusUpdate, WebhookRequest
from tests.gateways.providers.examples import CANARY, WEBHOOK_URL

RECORDED = Path(__file__).parent / "recorded"


def _webex_headers(body: bytes) -> dict[str, str]:
    return {"x-hub-signature": hmac.new(CANARY.encode(), body, "sha256").hexdigest()}


SIGNERS: dict[str, Callable[[bytes], dict[str, str]]] = {"webex_connect": _webex_headers}
"""The headers with which a provider proves itself, for those that do."""


def posted(slug: str, body: bytes) -> WebhookRequest:
    """A webhook with that body, as this provider sends it."""
    headers = SIGNERS[slug](body) if slug in SIGNERS else {}
    return WebhookRequest(method="POST", url=WEBHOOK_URL, headers=headers, body=body)


@dataclass(frozen=True)
class Sample:
    """A recorded webhook: `payload` as it came and the `expected` updates, fields by name."""

    slug: str
    name: str
    body: bytes
    expected: list[dict[str, Any]]

    @staticmethod
    def comparable(update: StatusUpdate) -> dict[str, Any]:
        """What is not at its default, as JSON would write it."""
        defaults = asdict(StatusUpdate(status=None))
        told = json.loads(json.dumps(asdict(update), default=str))
        return {
            name: value
            for name, value in told.items()
            if name == "status" or value != defaults[name]
        }


def recorded() -> list[Sample]:
    samples = []
    for file in sorted(RECORDED.glob("*/*.json")):
        told = json.loads(file.read_text())
        samples.append(
            Sample(
                slug=file.parent.name,
                name=f"{file.parent.name}/{file.stem}",
                body=json.dumps(told["payload"]).encode(),
                expected=told["expected"],
            )
        )
    return samples
