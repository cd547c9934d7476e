"""The ledger check: what was answered, written, sent, reported and told, held against each other.
Pure.

Smartico, the database and the provider have kept books, none of which knows the others'.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway_project.operations.drill import learning, telling
from gateway_project.operations.drill.books import Books, Standing


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
    unlearnt: int
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
    "unaccounted": "answered 0 and nowhere, or written down and never answered 0",
    "answered_twice": "one uid, two ids or two rows",
    "sent_twice": "sent more than once",
    "sent_and_unsaid": "sent, and the database has it otherwise than the provider",
    "said_and_unsent": "sent as the database has it, and not by the provider",
    "unlearnt": "a report, answer or refusal that was taken, and is not written down",
    "unreported": "a status, the last one included, that Smartico does not know",
    "reported_twice": "told again after it was acknowledged",
    "reported_untrue": "learnt or told, and nobody said so, or told without Smartico's key",
    "out_of_order": "a message's statuses told in another order",
}
"""What each of them counts."""


def check(books: Books) -> Findings:
    """Holds the books against each other."""
    accepted = {id for ids in books.answered.values() for id in ids}
    rows = {row.id for row in books.rows}
    standings = Counter(row.standing for row in books.rows if row.id in accepted)
    causes = Counter(row.cause for row in books.rows if row.standing == Standing.FAILED)
    told_again, told_twice = telling.told_again_and_twice(books)
    return Findings(
        accepted=len(accepted),
        **{str(standing): standings[standing] for standing in Standing},
        expired=causes["expired"],
        erased=causes["erased"],
        told_again=told_again,
        lost=len(accepted - rows),
        unaccounted=_unaccounted(accepted, books),
        answered_twice=_more_than_one(books),
        sent_twice=sum(count - 1 for count in books.sends.values() if count > 1),
        sent_and_unsaid=learning.unsaid(books),
        said_and_unsent=sum(
            row.standing == Standing.SENT and not books.sends.get(row.uid) for row in books.rows
        ),
        unlearnt=learning.unlearnt(books),
        unreported=telling.unreported(books),
        reported_twice=told_twice,
        reported_untrue=books.strangers + learning.untrue(books) + telling.untrue(books),
        out_of_order=telling.out_of_order(books),
    )


def _unaccounted(accepted: AbstractSet[str], books: Books) -> int:
    """How far Smartico's ids and the rows are apart. Each row stands in exactly one place, so this
    finds rows that are missing, or that nobody was answered for, and never one that stands in the
    wrong place: `sent_and_unsaid` and `said_and_unsent` do."""
    standing = sum(row.id in accepted for row in books.rows)
    unanswered = {row.id for row in books.rows} - accepted
    return abs(len(accepted) - standing) + len(unanswered)


def _more_than_one(books: Books) -> int:
    ids = sum(len(ids) - 1 for ids in books.answered.values())
    uids = Counter(row.uid for row in books.rows)
    return ids + sum(count - 1 for count in uids.values())
