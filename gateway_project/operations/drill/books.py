"""The books of all who took part in a drill, as values."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from gateway_project.operations.drill.ear import Told
from gateway_project.operations.drill.sends import Reported

Span = tuple[float, float]
"""From when to when."""


class Standing(StrEnum):
    """Where a message has ended up, or stands. Each stands in one place."""

    SENT = "sent"
    REJECTED = "rejected"
    FAILED = "failed"
    HELD = "held"
    QUEUED = "queued"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A message as the database has it. `learnt` are its statuses in the order in which they were
    written down, `cause` says why it failed. `was_taken`: a try says that the provider took it, and
    `provider_ids` are the provider's names of its tries."""

    id: str
    uid: str
    standing: Standing
    status: str
    cause: str = ""
    learnt: Sequence[str] = ()
    was_taken: bool = False
    provider_ids: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A status that Smartico is owed, in the order in which they arose. `acknowledged` are the
    beginnings and ends of the tries that are written down as such, `unanswered` of those to which
    no answer came, in time.monotonic(). A try ends when it is written down."""

    message_id: str
    status: str
    is_acknowledged: bool
    acknowledged: Sequence[Span] = ()
    unanswered: Sequence[Span] = ()

    @property
    def name(self) -> tuple[str, str]:
        return self.message_id, self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that was written down. Smartico wrote what it was answered and told; the provider what it
    sent, refused and reported; the rest is the database's. `killed_at` are the moments at which
    workers were killed, `stopped` from when to when one was stopped, `outages` from when to when
    workers had no database: the drill took it away, a server that others use as well had no
    connection to give, or the wire stood still. `lease_seconds` is how long a try is left to a
    worker that gives no sign of life."""

    answered: Mapping[str, AbstractSet[str]]
    told: Sequence[Told]
    sends: Mapping[str, int]
    refusals: AbstractSet[str]
    reports: Sequence[Reported]
    rows: Sequence[Row]
    debts: Sequence[Debt]
    lease_seconds: float
    strangers: int = 0
    killed_at: Sequence[float] = ()
    stopped: Sequence[Span] = ()
    outages: Sequence[Span] = ()
