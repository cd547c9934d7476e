"""What a provider adapter is. Adapters import this, `errors` and `gateway_project.lib`, no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.errors import (
    GatewayMisconfigured,
    GatewayUnavailable,
    OutcomeUnknown,
    ProviderError,
    WebhookRefused,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message at the moment of sending, with its recipient.

    `id` is our `ext_message_id`; `recipient` is an e-mail address or an E.164 number, None for
    Custom IM. `received` is Smartico's request as it came (Custom IM only).
    """

    id: str
    channel: Channel
    uid: str
    recipient: Personal | None = field(default=None, repr=False)
    ext_user_id: str = field(default="", repr=False)
    sender: str = ""
    reply_to: str = ""
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    received: Mapping[str, Any] = field(default_factory=dict, repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """One report of a provider about one message, named by our id or by the provider's.

    `status` None means that `word`, the provider's own, is not in the adapter's table: it goes to
    the inbox. `after` is seconds until it counts (the sandbox's reports lie in the future).
    """

    status: Status | None
    message_id: str | None = None
    provider_id: str | None = None
    word: str = ""
    detail: str = field(default="", repr=False)
    occurred_at: datetime | None = None
    after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The provider took the message. `rendered` is kept sealed, for providers that keep a copy."""

    provider_id: str | None = None
    detail: str = ""
    updates: tuple[StatusUpdate, ...] = ()
    rendered: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A provider's request to us: raw body, header names in lower case, the URL as it was called."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


class SecretField(forms.CharField):
    """A credential: never shown again, kept when the form leaves it empty, left out of exports."""

    widget = forms.PasswordInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("strip", True)
        super().__init__(**kwargs)


class Provider:
    """One configured account at a service. Holds no state beyond its configuration."""

    slug: ClassVar[str]
    title: ClassVar[str]
    channels: ClassVar[tuple[Channel, ...]]
    batch_size: ClassVar[int] = 1
    idempotent: ClassVar[bool] = False
    reports: ClassVar[frozenset[Status]] = frozenset()
    text_limit: ClassVar[Mapping[Channel, int]] = {}
    """Most characters of a text body that the provider takes, where it has a limit."""
    html_limit: ClassVar[int | None] = None
    """Most bytes of an HTML body."""
    concurrency: ClassVar[int] = 64
    """Most calls in the air per worker process."""

    class Config(forms.Form):
        """Authentication & Configuration: drawn, validated and masked from this declaration."""

    def __init__(
        self, config: Mapping[str, Any], *, webhook_url: str = "", status_url: str = ""
    ) -> None:
        self.config = dict(config)
        self.webhook_url = webhook_url
        self.status_url = status_url

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def check_connection(self) -> str:
        """Sends nothing; says what was found, or raises a ProviderError."""
        raise NotImplementedError

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Raises WebhookRefused unless the sender proved itself."""
        raise WebhookRefused("this provider sends no webhooks")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        """The reports in it. Raises ValueError where it cannot be read at all."""
        return []

    def answer_probe(self, request: WebhookRequest) -> WebhookAnswer:
        """The answer to GET and HEAD."""
        return WebhookAnswer()


class HttpProvider(Provider):
    """A service behind HTTP: two pure functions, no I/O. The engine does the calling."""

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        """The request for these messages, at most `batch_size`, all of one channel."""
        raise NotImplementedError

    def results(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        """One result per message, in their order."""
        raise NotImplementedError


class BlockingProvider(Provider):
    """A service behind a library that does the talking; called on threads."""

    concurrency = 8

    def send(self, message: OutboundMessage) -> SendResult:
        """Returns when the service took the message, raises a ProviderError when it did not."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of kept connections. Called when the drain ends."""


__all__ = [
    "BlockingProvider",
    "GatewayMisconfigured",
    "GatewayUnavailable",
    "HttpAnswer",
    "HttpCall",
    "HttpProvider",
    "OutboundMessage",
    "OutcomeUnknown",
    "Provider",
    "ProviderError",
    "SecretField",
    "SendResult",
    "StatusUpdate",
    "WebhookAnswer",
    "WebhookRefused",
    "WebhookRequest",
]
