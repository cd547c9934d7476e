"""The sandbox: delivers nowhere, keeps what it would have sent, and reports what it is told to.

The end user's property `sandbox` holds one or several of the words of the tables below.
"""

import json
from collections.abc import Callable, Iterable, Mapping

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    InstantProvider,
    MessageRejected,
    OutboundMessage,
    OutcomeUnknown,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookRequest,
)
from gateways.providers.values import SMARTICO_WORDS, identifier, items, spoken, unread

PROPERTY = "sandbox"
STEP_SECONDS = 0.2
LATE_SECONDS = 30.0

REFUSALS: Mapping[str, type[ProviderError]] = {
    "rejected": MessageRejected,
    "unavailable": GatewayUnavailable,
    "misconfigured": GatewayMisconfigured,
    "unknown": OutcomeUnknown,
}
"""Words with which nothing is taken."""

REPORTS: Mapping[str, tuple[Status, ...]] = {
    "opened": (Status.OPENED,),
    "clicked": (Status.OPENED, Status.CLICKED),
    "complained": (Status.COMPLAINED,),
    "unsubscribed": (Status.UNSUBSCRIBED,),
    "out_of_order": (Status.OPENED,),
    "scanned": (Status.OPENED,),
}
"""What is reported after the delivery."""

MANNERS: Mapping[str, Callable[[list[Status]], list[Status]]] = {
    "duplicate": lambda statuses: [status for status in statuses for _ in range(2)],
    "out_of_order": lambda statuses: statuses[::-1],
    "never": lambda statuses: [],
}
"""How it is reported. (`failed` instead of delivered and `late` are told where they are used.)"""


class Sandbox(InstantProvider):
    slug = "sandbox"
    title = "Sandbox"
    channels = tuple(Channel)
    needs = "Nothing: it delivers nowhere, and reports what a user's property tells it to."
    instructions = (
        "There is nothing to fill in: the sandbox keeps what it would have sent.",
        "Give a user the property sandbox with a word such as opened, failed or unavailable: "
        "it says what the sandbox reports. Without it a message is accepted and delivered.",
        "To play a provider's report by hand, POST a status to our webhook URL: "
        '{"id": "<our message id>", "status": "delivered"}.',
    )
    idempotent = True
    reports = frozenset(Status)

    def send(self, message: OutboundMessage) -> SendResult:
        words = scenario(message.properties.get(PROPERTY))
        for word, problem in REFUSALS.items():
            if word in words:
                raise problem(f"the sandbox was told: {word}")
        provider_id = f"sandbox-{message.id}"
        return SendResult(
            provider_id=provider_id,
            updates=tuple(
                StatusUpdate(
                    status=status,
                    message_id=message.id,
                    provider_id=provider_id,
                    after=after,
                    is_machine="scanned" in words and status == Status.OPENED,
                )
                for status, after in timetable(words)
            ),
            rendered=rendered(message),
        )

    def check_connection(self) -> str:
        return "The sandbox is ready. It delivers nowhere."

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Takes any: the token in the URL is the credential."""

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        """Statuses put in by hand: `{"id": ..., "status": ...}` or a list of them.

        `id` (or `message_id`) is our own id or the sandbox's.
        """
        return [_update(item) for item in items(request)]


def scenario(value: object) -> frozenset[str]:
    """The words in the property: text, parted by spaces or commas, or a list of texts."""
    texts = value if isinstance(value, list) else [value]
    joined = " ".join(text for text in texts if isinstance(text, str))
    return frozenset(joined.lower().replace(",", " ").split())


def timetable(words: Iterable[str]) -> list[tuple[Status, float]]:
    """What is reported in this scenario, and after how many seconds."""
    statuses = [Status.FAILED if "failed" in words else Status.DELIVERED]
    for word, later in REPORTS.items():
        if word in words:
            statuses += [status for status in later if status not in statuses]
    for word, in_its_manner in MANNERS.items():
        if word in words:
            statuses = in_its_manner(statuses)
    start = LATE_SECONDS if "late" in words else STEP_SECONDS
    return [(status, round(start + STEP_SECONDS * n, 1)) for n, status in enumerate(statuses)]


def rendered(message: OutboundMessage) -> str:
    """The whole message as readable text, addresses included: it is kept sealed."""
    recipient = message.recipient.reveal() if message.recipient else message.ext_user_id
    head = {
        "Channel": message.channel.label,
        "From": message.sender,
        "Reply-To": message.reply_to,
        "To": recipient,
        "Subject": message.subject,
    }
    parts = [
        "\n".join(f"{name}: {value}" for name, value in head.items() if value),
        message.text,
        message.html,
        json.dumps(message.received, ensure_ascii=False, indent=2) if message.received else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _update(item: object) -> StatusUpdate:
    if not isinstance(item, dict):
        return unread(item, "not an object")
    word = spoken(item.get("status"))
    name = identifier(item.get("id")) or identifier(item.get("message_id")) or ""
    is_own = name.startswith("sandbox-")
    return StatusUpdate(
        status=SMARTICO_WORDS.get(word.lower()),
        message_id=None if is_own else name or None,
        provider_id=name if is_own else None,
        word=word,
    )
