"""What the database has learnt, held against what the provider has said. Pure."""

from collections import defaultdict
from collections.abc import Mapping

from gateway_project.lib.vocabulary import Status
from gateway_project.operations.drill.books import Books, Row, Standing
from gateway_project.operations.drill.sends import Reported

OWN_ENDS = frozenset({"expired", "erased"})
"""Causes of an end that the gateway itself makes: of a message that it has not sent."""


def unlearnt(books: Books) -> int:
    """Reports that were taken, answers and refusals, that stand in no status of their message. What
    a refusal was that died with a worker nobody can know: it is parked."""
    known = {row.uid: row for row in books.rows}
    missing = {
        (report.uid, report.status)
        for report in books.reports
        if report.uid in known and not _is_learnt(report, known[report.uid])
    }
    missing |= {
        (row.uid, str(Status.ACCEPTED))
        for row in books.rows
        if row.was_taken and Status.ACCEPTED not in row.learnt
    }
    missing |= {
        (uid, str(Status.REJECTED))
        for uid in books.refusals & known.keys()
        if Status.REJECTED not in known[uid].learnt and known[uid].standing != Standing.UNKNOWN
    }
    return len(missing)


def _is_learnt(report: Reported, row: Row) -> bool:
    """Whom a report is about that has the provider's id alone, only who has that id can know."""
    is_named = report.names_message or report.provider_id in row.provider_ids
    return report.status in row.learnt or not (report.is_taken and is_named)


def untrue(books: Books) -> int:
    """Statuses that stand in the database, and of which nobody knows."""
    said = _said(books)
    return sum(
        not _is_true(status, row, said[row.uid]) for row in books.rows for status in row.learnt
    )


def _said(books: Books) -> Mapping[str, set[str]]:
    """What the provider has said of each uid: by its answers, and by its reports."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    for report in books.reports:
        said[report.uid].add(report.status)
    for uid in books.sends:
        said[uid].add(Status.ACCEPTED)
    for uid in books.refusals:
        said[uid].add(Status.REJECTED)
    return said


def _is_true(status: str, row: Row, said: set[str]) -> bool:
    is_own_end = status == Status.FAILED and row.cause in OWN_ENDS
    return status in said or is_own_end


def unsaid(books: Books) -> int:
    """Messages that were sent, and do not stand where the provider has them."""
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for report in books.reports:
        if report.is_taken and report.names_message:
            taken[report.uid].add(report.status)
    return sum(
        row.standing not in _places(taken[row.uid])
        for row in books.rows
        if books.sends.get(row.uid)
    )


def _places(reported: set[str]) -> set[Standing]:
    """What bounced has failed. Nobody can know of what was in doubt, and is not reported on."""
    if Status.FAILED in reported:
        return {Standing.FAILED}
    return {Standing.SENT} if reported else {Standing.SENT, Standing.UNKNOWN}
