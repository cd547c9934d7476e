"""Tries to tell a status, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from callbacks.answers import Outcome, Verdict
from gateway_project.lib.personal import Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A delivery on which this worker holds a lease, and what has to be known to tell it."""

    delivery_id: int
    message_id: UUID
    label_id: int
    status: str
    channel: str
    callback_url: Personal | None
    created_at: datetime
    lease: UUID
    started_at: datetime
    leaves_at: float = 0.0
    """By the monotonic clock; what is past leaves at once."""

    @property
    def message_ids(self) -> list[UUID]:
        return [self.message_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A try that is over. `detail` is scrubbed."""

    tried: Try
    verdict: Verdict
    detail: str = field(repr=False)

    @property
    def delivery_id(self) -> int:
        return self.tried.delivery_id

    @property
    def is_heard(self) -> bool:
        return self.verdict.outcome == Outcome.ACKNOWLEDGED
