"""What a provider adapter is. Adapters import this, `errors` and `gateway_project.lib`, no more."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from gateway_project.lib.http import HttpAnswer, HttpCall, TransportError, http_client
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.answers import (
    is_success,
    of_each,
    problem_of,
    transport_error,
    unreadable,
)
from gateways.providers.errors import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    WebhookRefused,
)
from gateways.providers.fields import Secret, SecretField
from gateways.providers.groups import ConfigForm, Group
from gateways.providers.values import (
    ID_HEADER,
    Findings,
    OutboundMessage,
    SendResult,
    StatusUpdate,
    WebhookAnswer,
    WebhookRequest,
)

CHECK_SECONDS = 10.0
"""How long a connection check waits for one answer: somebody looks at the page meanwhile."""
CHECK_IN_ALL_SECONDS = 25.0
"""And for all of them, with a peer that drips: a proxy in front gives the page up after 30."""


class Provider:
    """One configured account at a service. Holds no state beyond its configuration."""

    slug: ClassVar[str]
    title: ClassVar[str]
    channels: ClassVar[tuple[Channel, ...]]
    needs: ClassVar[str]
    """One line on what an operator must have at hand."""
    instructions: ClassVar[tuple[str, ...]]
    """How an account is connected, step by step; shown beside the form."""
    batch_size: int = 1
    """Most messages in one call."""
    may_batch: ClassVar[bool] = False
    """Whether an account can be set up for more than one."""
    idempotent: bool = False
    reports: ClassVar[frozenset[Status]] = frozenset()
    """What can be learnt, on whatever channel: by webhook, polling or answer, or by a link of ours
    that an account may add."""
    not_reported: ClassVar[Mapping[Channel, frozenset[Status]]] = {}
    """What of it is never learnt on a channel."""
    proof: ClassVar[str] = ""
    """How its webhooks are signed, in few words; "" where the token in the URL is all."""
    text_limit: ClassVar[Mapping[Channel, int]] = {}
    """Most characters of a text body that the provider takes, where it has a limit."""
    html_limit: ClassVar[int | None] = None
    """Most bytes of an HTML body."""
    concurrency: ClassVar[int] = 64
    """Most calls in the air of one `worker` command, whose processes share them."""

    Config: ClassVar[type[ConfigForm]] = ConfigForm
    """Authentication & Configuration: drawn, validated and masked from this declaration."""

    webhook_answer: ClassVar[WebhookAnswer] = WebhookAnswer(body="ok")
    """What a webhook is answered once everything in it is written down."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        webhook_url: str = "",
        status_url: str = "",
        public_url: str = "",
    ) -> None:
        self.config = dict(config)
        self.webhook_url = webhook_url
        self.status_url = status_url
        self.public_url = public_url

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def address_channel(self, channel: Channel) -> Channel | None:
        """The channel whose address a message of `channel` goes to; None where it needs none."""
        return None if channel == Channel.CUSTOM_IM else channel

    def batch_key(self, message: OutboundMessage) -> Hashable:
        """Equal for messages that may leave in one call. Asked only where `batch_size` is above
        1, which an account may be by its configuration.
        """
        return None

    @classmethod
    def reports_on(cls, channel: Channel) -> frozenset[Status]:
        """The statuses that can be learnt of a message on that channel."""
        return cls.reports - cls.not_reported.get(channel, frozenset())

    def reported(self, channel: Channel) -> frozenset[Status]:
        """What of `reports_on` this account tells, as it is configured."""
        return self.reports_on(channel)

    def content_problem(self, channel: Channel, text: str, html: str) -> str | None:
        """The limit that this content breaks, in words for the caller; None if it fits."""
        limit = self.text_limit.get(channel)
        if limit is not None and len(text) > limit:
            return f"the text is over {limit} characters"
        if self.html_limit is not None and len(html.encode(errors="replace")) > self.html_limit:
            return f"the HTML is over {self.html_limit} bytes"
        return None

    def check_connection(self) -> str:
        """Sends nothing; says what was found, or raises a ProviderError."""
        raise NotImplementedError

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Raises WebhookRefused unless the sender proved itself."""
        raise WebhookRefused("this provider sends no webhooks")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        """The reports in it. Raises ValueError where it cannot be read at all."""
        return []

    @classmethod
    def sends_webhooks(cls) -> bool:
        """Whether its service reports to our webhook URL at all."""
        return cls.parse_webhook is not Provider.parse_webhook

    def is_report(self, request: WebhookRequest) -> bool:
        """Whether a GET tells something, and does not only look whether the URL is alive."""
        return False

    def answer_probe(self, request: WebhookRequest) -> WebhookAnswer:
        """The answer to GET and HEAD."""
        return WebhookAnswer()

    def close(self) -> None:
        """Lets go of what was kept open. Called when the drain ends."""


class HttpProvider(Provider):
    """A service behind HTTP: two pure functions, no I/O. The engine does the calling."""

    def call(self, messages: Sequence[OutboundMessage]) -> HttpCall:
        """The request for these messages, at most `batch_size`, all of one channel.

        Raises a ProviderError where none can be made: it is the outcome of all of them.
        """
        raise NotImplementedError

    def results(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        """One result per message, in their order."""
        if is_success(answer):
            return self.taken(messages, answer)
        problem = of_each(messages, self.refusal(answer) or problem_of(answer))
        return [problem for _ in messages]

    def taken(
        self, messages: Sequence[OutboundMessage], answer: HttpAnswer
    ) -> list[SendResult | ProviderError]:
        """The results in a 2xx answer; `unreadable(answer)` for what it does not tell."""
        raise NotImplementedError

    def refusal(self, answer: HttpAnswer) -> ProviderError | None:
        """What the provider's own words make of any other answer; None leaves it to the status."""
        return None

    @property
    def authority(self) -> str:
        """Whom a call of the account trusts instead of the system's authorities; "" for those."""
        return str(self.config.get("authority", ""))

    poll_size: int = 0
    """Most ids in one `status_call`; 0 where the provider is not asked what became of messages."""

    def status_call(self, provider_ids: Sequence[str]) -> HttpCall:
        """The request for what has become of these messages, at most `poll_size`."""
        raise NotImplementedError

    def statuses(self, answer: HttpAnswer) -> list[StatusUpdate]:
        """What it says of them, each named by `provider_id`. Raises a ProviderError where nothing
        can be learnt from it."""
        raise NotImplementedError

    may_look_up: ClassVar[bool] = False
    """Whether an account can be set up to be asked for messages by our ids."""

    def lookup_size(self, channel: Channel) -> int:
        """Most of our ids in one `lookup_call`; 0 where nobody can be asked for a message whose
        outcome is unknown: the provider gave no id for it."""
        return 0

    def lookup_call(self, channel: Channel, message_ids: Sequence[str]) -> HttpCall:
        """The request for these messages by our ids, at most `lookup_size`."""
        raise NotImplementedError

    def found(self, message_ids: Sequence[str], answer: HttpAnswer) -> Findings:
        """What it says of them. Raises a ProviderError where nothing can be learnt from it."""
        raise NotImplementedError

    def ask(self, call: HttpCall) -> HttpAnswer:
        """Performs a call of `check_connection`; raises the ProviderError that no answer means."""
        try:
            return http_client().perform(replace(call, timeout=min(call.timeout, CHECK_SECONDS)))
        except TransportError as error:
            problem = transport_error(error)
        raise problem


class InstantProvider(Provider):
    """A service inside this process: `send` waits for nothing, so it needs no thread."""

    concurrency = 256

    def send(self, message: OutboundMessage) -> SendResult:
        """Returns at once, or raises a ProviderError."""
        raise NotImplementedError


class BlockingProvider(Provider):
    """A service behind a library that does the talking; called on threads."""

    concurrency = 8

    def send(self, message: OutboundMessage) -> SendResult:
        """Returns when the service took the message, raises a ProviderError when it did not."""
        raise NotImplementedError


__all__ = [
    "CHECK_IN_ALL_SECONDS",
    "CHECK_SECONDS",
    "ID_HEADER",
    "BatchRefused",
    "BlockingProvider",
    "ConfigForm",
    "Findings",
    "GatewayMisconfigured",
    "GatewayUnavailable",
    "Group",
    "HttpAnswer",
    "HttpCall",
    "HttpProvider",
    "InstantProvider",
    "MessageRejected",
    "OutboundMessage",
    "OutcomeUnknown",
    "Provider",
    "ProviderError",
    "Secret",
    "SecretField",
    "SendResult",
    "StatusUpdate",
    "WebhookAnswer",
    "WebhookRefused",
    "WebhookRequest",
    "is_success",
    "problem_of",
    "transport_error",
    "unreadable",
]
