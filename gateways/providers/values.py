"""What goes into a provider adapter and what comes out of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import LOOKED_AT, OVERLAP
from gateway_project.lib.vocabulary import Channel, Status

Report = TypeVar("Report")

ID_HEADER = "X-Gatehouse-Message-Id"
"""The header in which our id travels, where a protocol has headers of its own."""
UNREAD_LENGTH = 16_000 + OVERLAP
"""More than is kept of it, so that it is scrubbed whole."""
MOST_VALUES = 300_000
"""In one webhook, counted by commas and brackets before it is parsed. Three megabytes of real
reports have less than half as many."""
MOST_REPORTS = 20_000
"""In one webhook. What has more is none of a provider's."""


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
    `recipient` is whom it is about, where the provider says so: the message is the last one to that
    address if no id names one.
    `event_id` is the provider's own name of the report, where it has one. `is_permanent` says of a
    FAILED or REJECTED that the address itself is at fault: it is suppressed. `unread` is the report
    as it came, where it could not be read: it is kept, scrubbed.

    `is_machine` says of an open or a click whether a scanner did it, where the provider knows; None
    leaves it to be judged by the time.

    `parts` above 1 says that the message left as so many, and that this is about number `part`.
    """

    status: Status | None
    message_id: str | None = None
    provider_id: str | None = None
    word: str = ""
    detail: str = field(default="", repr=False)
    occurred_at: datetime | None = None
    after: float = 0.0
    recipient: Personal | None = field(default=None, repr=False)
    event_id: str = ""
    is_permanent: bool = False
    is_machine: bool | None = None
    part: int = 0
    parts: int = 1
    unread: str = field(default="", repr=False)

    @property
    def is_read(self) -> bool:
        """Whether it was understood, or at least a word in it."""
        return self.status is not None or bool(self.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a provider says when it is asked for messages by our ids, as each update names them.

    `never_taken` are those that it never took, where its documents, or the operator, say that this
    is what its answer means. Of the others nothing is known still.
    """

    updates: tuple[StatusUpdate, ...] = ()
    never_taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The provider took the message. `rendered` is kept sealed, for providers that keep a copy."""

    provider_id: str | None = None
    detail: str = ""
    updates: tuple[StatusUpdate, ...] = ()
    rendered: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A provider's request to us: raw body, header names in lower case, the URL as called."""

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


SMARTICO_WORDS: Mapping[str, Status] = {status.value: status for status in Status}
"""The table of a provider that speaks Smartico's own eight words."""


def document_in(body: bytes) -> object:
    """The JSON document that a webhook is; ValueError where it is none, or holds far too much."""
    check_values(body)
    told = read_answer(body.decode("utf-8", "replace"))
    if told is None:
        raise ValueError("the body is not JSON")
    return told


def check_values(body: bytes) -> None:
    """Raises ValueError where it would cost too much to parse as JSON."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError("the body holds too many values")


def items(request: WebhookRequest) -> list[object]:
    """The JSON values in a webhook's list, or the single one; ValueError where it is no JSON."""
    told = document_in(request.body)
    return few(told) if isinstance(told, list) else [told]


def few(reports: Iterable[Report]) -> list[Report]:
    """All of them; ValueError where there are far too many, before the rest of them is read."""
    found = list(islice(reports, MOST_REPORTS + 1))
    if len(found) > MOST_REPORTS:
        raise ValueError("there are too many reports in it")
    return found


def unread(item: object, why: str) -> StatusUpdate:
    """The update of an item that cannot be read: the others of its webhook can."""
    try:
        text = json.dumps(item, ensure_ascii=False)[:UNREAD_LENGTH]
    except (ValueError, RecursionError):
        text = ""
    return StatusUpdate(status=None, detail=why, unread=text)


def spoken(word: object) -> str:
    """A provider's status word as it is looked up: trimmed text of bounded length, not scrubbed."""
    return word.strip()[:LOOKED_AT] if isinstance(word, str) else ""


def moment_of(value: object) -> datetime | None:
    """A time in ISO 8601, in UTC; None for anything else, and where it does not name its zone."""
    try:
        told = datetime.fromisoformat(value) if isinstance(value, str) else None
        return told.astimezone(UTC) if told and told.tzinfo else None
    except (ValueError, OverflowError):
        return None


def phone_number(value: object) -> Personal | None:
    """An international number, with its plus or without; None for anything else."""
    digits = (identifier(value) or "").removeprefix("+")
    return Personal(f"+{digits}") if digits.isascii() and digits.isdigit() else None


def identifier(value: object) -> str | None:
    """An id out of a provider's JSON: text or a whole number; None for anything else or nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None
