"""Recorded sends: what a provider is posted, whole, and what it answers.

An exchange is a JSON file below `sent/<provider>/`: `source` is the document that it follows,
`request` what has to arrive, every header but those of the connection itself, `answer` what the
provider says, and `provider_id` what is made of it. `config` and `message` change the example
account and message; `channel` is the first one of the provider unless it is named.

What differs from send to send stands in it as `<unsubscribe token>`, `<date>`, `<signature>` and,
where anymail makes the provider's id up, `<generated id>`. `<mark>` is the one of our webhook URL.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from gateway_project.lib.http import TransportError, http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    HttpProvider,
    OutboundMessage,
    Provider,
    SendResult,
    transport_error,
)
from gateways.providers.links import Link, read_token
from gateways.providers.marks import MARK, marked
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import PUBLIC_URL, STATUS_URL, WEBHOOK_URL
from tests.gateways.providers.examples import at, message
from tests.peers import Answer, Asked, http_peer

FOLDER = Path(__file__).parent / "sent"
OF_THE_CONNECTION = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-length", "host", "user-agent"),
        *("amz-sdk-invocation-id", "amz-sdk-request", "x-amz-date"),
    }
)
UNSUBSCRIBE = re.compile(rf"(?<={PUBLIC_URL}/callbacks/unsubscribe/)[\w:.%-]+")
GENERATED = "<generated id>"
SIGNATURE = re.compile(r"/\d{8}/(?P<scope>\S+ SignedHeaders=\S+ Signature=)[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    slug: str
    name: str
    channel: Channel
    source: str
    request: Mapping[str, Any]
    answer: Answer
    provider_id: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)

    def performed(
        self, certificate: Path | None = None, **changes: Any
    ) -> tuple[SendResult, Asked]:
        """The message sent to a server on loopback that gives the answer: what both sides saw."""
        with http_peer(lambda asked: self.answer, certificate) as peer:
            config = at(self.slug, peer.url) | self.config | changes
            provider = build(
                self.slug,
                validate_config(provider_class(self.slug), config),
                webhook_url=WEBHOOK_URL,
                status_url=STATUS_URL,
                public_url=PUBLIC_URL,
            )
            try:
                result = sent(provider, message(self.channel, **self.message))
            finally:
                provider.close()
        (asked,) = peer.asked
        return result, asked


def sent(provider: Provider, outbound: OutboundMessage) -> SendResult:
    """What the provider makes of the answer; a ProviderError is raised."""
    if not isinstance(provider, HttpProvider):
        return provider.send(outbound)
    try:
        answer = http_client().perform(provider.call([outbound]))
    except TransportError as error:
        raise transport_error(error) from None
    (result,) = provider.results([outbound], answer)
    if isinstance(result, Exception):
        raise result
    return result


def comparable(asked: Asked, generated: str = "") -> dict[str, Any]:
    """The request as its file has it. `generated` is the id that was made up for it."""
    headers = {
        name: SIGNATURE.sub(r"/<date>/\g<scope><signature>", value)
        for name, value in asked.headers.items()
        if name not in OF_THE_CONNECTION
    }
    told = {
        "method": asked.method,
        "path": asked.path,
        "query": asked.query,
        "headers": headers,
        "body": _body(asked),
    }
    text = UNSUBSCRIBE.sub("<unsubscribe token>", json.dumps(told, ensure_ascii=False))
    text = text.replace(marked(WEBHOOK_URL), f"{WEBHOOK_URL}?{MARK}=<mark>")
    return json.loads(text.replace(generated, GENERATED) if generated else text)


def unsubscribe_tokens(asked: Asked) -> set[str]:
    """Whose messages the unsubscribe links in a request are of."""
    text = json.dumps(_body(asked))
    read = [read_token(Link.UNSUBSCRIBE, unquote(token)) for token in UNSUBSCRIBE.findall(text)]
    return {told[0] if told else "none of ours" for told in read}


def _body(asked: Asked) -> Any:
    kind = asked.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        form = parse_qs(asked.body.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: values[0] if len(values) == 1 else values for name, values in form.items()}
    told = json.loads(asked.body) if asked.body else None
    raw = told.get("Content", {}).get("Raw") if isinstance(told, dict) else None
    return told | {"Content": {"Raw": {"Data": _mail(raw["Data"])}}} if raw else told


def _mail(data: str) -> dict[str, Any]:
    """A mail in Base64 as JSON; its boundaries and its date are its own."""
    mail = message_from_bytes(base64.b64decode(data), policy=policy.default)
    headers = {name: str(value).strip() for name, value in mail.items() if name != "Date"}
    headers["Content-Type"] = mail.get_content_type()
    return {"headers": headers, "parts": [_part(part) for part in mail.iter_parts()]}


def _part(part: EmailMessage) -> dict[str, str]:
    return {"type": part["Content-Type"], "content": part.get_content().removesuffix("\n")}


def exchanges() -> list[Exchange]:
    return [_read(file) for file in sorted(FOLDER.glob("*/*.json"))]


def exchange(slug: str, name: str) -> Exchange:
    return _read(FOLDER / slug / f"{name}.json")


def _read(file: Path) -> Exchange:
    told = json.loads(file.read_text())
    slug = file.parent.name
    changes = told.get("message", {})
    if "recipient" in changes:
        changes["recipient"] = Personal(changes["recipient"])
    return Exchange(
        slug=slug,
        name=f"{slug}/{file.stem}",
        channel=Channel(told.pop("channel", provider_class(slug).channels[0])),
        answer=Answer(**told.pop("answer")),
        **told,
    )
