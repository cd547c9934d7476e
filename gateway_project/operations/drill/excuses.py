"""Why Smartico may have been told again what it had heard: its answer was lost. Pure."""

from bisect import bisect_right
from itertools import accumulate
from math import inf

from gateway_project.operations.drill.books import Books, Span
from gateway_project.operations.drill.ear import Told

CLOCKS_AGREE_TO = 1.0
"""Seconds: the database has its own, and a busy machine writes late what it has read."""


RECOVERY_SECONDS = 1.0
"""After an outage: a worker looks for the database every half second."""


class Excuses:
    """What the books know of answers that never arrived, or died with the worker that had them."""

    def __init__(self, books: Books) -> None:
        self._books, self._lease = books, books.lease_seconds
        self._outages = sorted(books.outages)
        self._debts = {debt.name: debt for debt in books.debts}
        written = sorted(span for debt in books.debts for span in debt.acknowledged)
        self._begun = [began for began, _ in written]
        ends = [ended for _, ended in reversed(written)]
        self._earliest_ends = [*accumulate(ends, min)][::-1]
        """Of each of these tries and those that began after it, when the first was written down."""

    def hold_for(self, first: Told, again: Told) -> bool:
        """Whether the first answer was lost: the very try is written down as unanswered, or it is
        not written down, and a worker died before it should have been, or there was no database
        until it was told again; or a worker was stopped."""
        if self._was_stopped(first, again):
            return True
        acknowledged, unanswered = self._tries(first)
        if any(began <= first.came_at for began, _ in acknowledged):
            return False
        was_missed = any(_is_within(first.came_at, span) for span in unanswered)
        return was_missed or self._died(first, again) or self._was_cut_off(first, again)

    def _was_stopped(self, first: Told, again: Told) -> bool:
        """It was told again when the worker that had the answer stood still, or went on."""
        spans = [span for span in self._books.stopped if first.at + self._lease >= span[0]]
        return any(_is_within(again.came_at, span) for span in spans)

    def is_while_stopped(self, moment: float) -> bool:
        """A worker that is stopped with Smartico's answer in its hands writes it down later, beside
        the one who has told it again meanwhile."""
        return any(_is_within(moment, span) for span in self._books.stopped)

    def _tries(self, told: Told) -> tuple[list[Span], list[Span]]:
        debt = self._debts.get(told.name)
        return (list(debt.acknowledged), list(debt.unanswered)) if debt else ([], [])

    def _died(self, first: Told, again: Told) -> bool:
        until = min(again.came_at, self._written_by(first))
        return any(first.came_at <= moment <= until for moment in self._books.killed_at)

    def _written_by(self, told: Told) -> float:
        """When the answer should have been written down, were its worker alive: a second after
        something that was told later has been, by whomever, and within its lease, if there was a
        database for so long; where it goes away in the last second of that, or is away then, a
        second after it is back. A death that comes after that is no excuse: workers die so often
        that there always is one."""
        later = bisect_right(self._begun, told.at)
        proof = self._earliest_ends[later] if later < len(self._begun) else inf
        expected_by = min(proof + CLOCKS_AGREE_TO, told.at + self._lease)
        expected_by = max(expected_by, self._reached_from(told.at) + CLOCKS_AGREE_TO)
        return self._with_a_second_of_database(expected_by)

    def _with_a_second_of_database(self, moment: float) -> float:
        """That moment, unless the database is away in the second before it: then a second after it
        is there again."""
        reached_from = self._reached_from(moment - CLOCKS_AGREE_TO)
        return max(moment, reached_from + CLOCKS_AGREE_TO)

    def _was_cut_off(self, first: Told, again: Told) -> bool:
        """Its lease ran out, and its worker lives: neither could be written down."""
        reached_from = self._reached_from(first.at)
        return first.at < reached_from and again.came_at <= reached_from + CLOCKS_AGREE_TO

    def _reached_from(self, moment: float) -> float:
        """From when on, at that moment or after it, the database was there for a second on end."""
        for began, ended in self._outages:
            if began - CLOCKS_AGREE_TO <= moment < ended + RECOVERY_SECONDS:
                moment = ended + RECOVERY_SECONDS
        return moment


def _is_within(moment: float, span: Span) -> bool:
    began, ended = span
    return began <= moment <= ended + CLOCKS_AGREE_TO
