"""The ledger check: what was answered, written, sent and told, held against each other. Pure.

Four have kept books, none of which knows the others': Smartico what it was answered and told, the
database, and the provider what it sent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway_project.lib.vocabulary import Status
from gateway_project.operations.drill.ear import Told
from messages_app.statuses import RUNG

CLOCKS_AGREE_TO = 1.0
"""Seconds: the database has its own, and a busy machine writes late what it has read."""


class Standing(StrEnum):
    """Where a message has ended up, or stands. Each stands in one place."""

    SENT = "sent"
    REJECTED = "rejected"
    FAILED = "failed"
    HELD = "held"
    QUEUED = "queued"
    UNKNOWN = "unknown"


CLOSED = frozenset({Standing.SENT, Standing.REJECTED, Standing.FAILED})
"""Where a message has a status that Smartico has to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A message as the database has it. `cause` says why it failed."""

    id: str
    uid: str
    standing: Standing
    status: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A status that Smartico is owed, in the order in which they arose. `acknowledged_at` are the
    beginnings of the tries that are written down as acknowledged, `unanswered` beginnings and ends
    of those to which no answer came, in time.monotonic()."""

    message_id: str
    status: str
    is_acknowledged: bool
    acknowledged_at: Sequence[float] = ()
    unanswered: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that was written down. `killed_at` are the moments at which workers were killed."""

    answered: Mapping[str, set[str]]
    rows: Sequence[Row]
    sends: Mapping[str, int]
    debts: Sequence[Debt]
    told: Sequence[Told]
    strangers: int = 0
    killed_at: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the books come to. Everything from `lost` on has to be 0."""

    accepted: int
    sent: int
    rejected: int
    failed: int
    expired: int
    erased: int
    held: int
    queued: int
    unknown: int
    told_again: int
    lost: int
    unaccounted: int
    answered_twice: int
    sent_twice: int
    sent_and_unsaid: int
    said_and_unsent: int
    unreported: int
    reported_twice: int
    reported_untrue: int
    out_of_order: int

    @property
    def shortfalls(self) -> dict[str, int]:
        """What fell short, by name; empty where nothing did."""
        counts = {name: getattr(self, name) for name in HAS_TO_BE_NONE}
        return {name: count for name, count in counts.items() if count}


HAS_TO_BE_NONE: Mapping[str, str] = {
    "lost": "answered 0, and no row",
    "unaccounted": "accepted = sent + rejected + failed + held + queued + unknown: missing",
    "answered_twice": "one uid, two ids or two rows",
    "sent_twice": "sent more than once",
    "sent_and_unsaid": "sent, and the database does not know",
    "said_and_unsent": "sent as the database has it, and not by the provider",
    "unreported": "a status, the last one included, that Smartico does not know",
    "reported_twice": "told again after it was acknowledged",
    "reported_untrue": "told, and never learnt, or without Smartico's key",
    "out_of_order": "a message's statuses told in another order",
}
"""What each of them counts."""


def check(books: Books) -> Findings:
    """Holds the books against each other."""
    accepted = {id for ids in books.answered.values() for id in ids}
    rows = {row.id: row for row in books.rows}
    standings = Counter(row.standing for row in books.rows if row.id in accepted)
    causes = Counter(row.cause for row in books.rows if row.standing == Standing.FAILED)
    heard = [told for told in books.told if told.is_heard]
    repeats = list(_repeats(heard))
    excused = [pair for pair in repeats if _was_lost(*pair, books)]
    twice_written = sum(max(0, len(debt.acknowledged_at) - 1) for debt in books.debts)
    return Findings(
        accepted=len(accepted),
        **{str(standing): standings[standing] for standing in Standing},
        expired=causes["expired"],
        erased=causes["erased"],
        told_again=len(excused),
        lost=len(accepted - rows.keys()),
        unaccounted=abs(len(accepted) - standings.total()) + len(rows.keys() - accepted),
        answered_twice=_more_than_one(books),
        sent_twice=sum(count - 1 for count in books.sends.values() if count > 1),
        sent_and_unsaid=sum(_is_unsaid(row) for row in books.rows if books.sends.get(row.uid)),
        said_and_unsent=sum(
            row.standing == Standing.SENT and not books.sends.get(row.uid) for row in books.rows
        ),
        unreported=_unreported(books, heard),
        reported_twice=len(repeats) - len(excused) + twice_written,
        reported_untrue=books.strangers + _untrue(books),
        out_of_order=_out_of_order(books.debts, heard),
    )


def _more_than_one(books: Books) -> int:
    ids = sum(len(ids) - 1 for ids in books.answered.values())
    uids = Counter(row.uid for row in books.rows)
    return ids + sum(count - 1 for count in uids.values())


def _is_unsaid(row: Row) -> bool:
    """What the provider sent and then reported as failed, has failed: the provider said so."""
    return row.standing not in (Standing.SENT, Standing.FAILED) or row.cause == "expired"


def _repeats(heard: Iterable[Told]) -> Iterator[tuple[Told, Told]]:
    """Each callback that was heard before, and that time before."""
    before: dict[tuple[str, str], Told] = {}
    for told in heard:
        key = (told.message_id, told.status)
        if key in before:
            yield before[key], told
        before[key] = told


def _was_lost(first: Told, again: Told, books: Books) -> bool:
    """Whether Smartico's first answer never arrived: a worker was killed in between, or has written
    down that none came; and what is written down as acknowledged is a later try."""
    named = (first.message_id, first.status)
    debts = [debt for debt in books.debts if (debt.message_id, debt.status) == named]
    was_killed = any(first.at <= moment <= again.at for moment in books.killed_at)
    was_missed = any(
        began <= first.at <= ended + CLOCKS_AGREE_TO
        for debt in debts
        for began, ended in debt.unanswered
    )
    is_written = any(at <= first.at for debt in debts for at in debt.acknowledged_at)
    return (was_killed or was_missed) and not is_written


def _unreported(books: Books, heard: Iterable[Told]) -> int:
    """Debts that Smartico did not hear of, whatever the database says, and ends that are none."""
    known = {(told.message_id, told.status) for told in heard}
    owed = {(debt.message_id, debt.status) for debt in books.debts}
    unheard = {
        (debt.message_id, debt.status)
        for debt in books.debts
        if not debt.is_acknowledged or (debt.message_id, debt.status) not in known
    }
    ends = {(row.id, row.status) for row in books.rows if row.standing in CLOSED}
    return len(unheard | (ends - owed))


def _untrue(books: Books) -> int:
    owed = {(debt.message_id, debt.status) for debt in books.debts}
    return len({(told.message_id, told.status) for told in books.told} - owed)


def _out_of_order(debts: Iterable[Debt], heard: Iterable[Told]) -> int:
    """Messages whose statuses were first heard in another order than they arose, or downwards."""
    arose: defaultdict[str, list[str]] = defaultdict(list)
    for debt in debts:
        arose[debt.message_id].append(debt.status)
    came: defaultdict[str, list[str]] = defaultdict(list)
    for told in heard:
        if told.status not in came[told.message_id]:
            came[told.message_id].append(told.status)
    return sum(not _is_in_order(statuses, arose[id]) for id, statuses in came.items())


def _is_in_order(came: Sequence[str], arose: Sequence[str]) -> bool:
    meant = [status for status in arose if status in came]
    rungs = [RUNG[Status(status)] for status in came if status in RUNG]
    return rungs == sorted(rungs) and [status for status in came if status in meant] == meant
