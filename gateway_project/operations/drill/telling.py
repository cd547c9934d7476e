"""What Smartico was told, held against what the database has learnt. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from gateway_project.lib.vocabulary import Status
from gateway_project.operations.drill.books import Books, Debt
from gateway_project.operations.drill.ear import Told
from gateway_project.operations.drill.excuses import Excuses
from messages_app.statuses import RUNG

ENDS = frozenset({Status.REJECTED, Status.FAILED})


def unreported(books: Books) -> int:
    """What has to be told, or is owed, and Smartico has not heard, whatever the database says."""
    known = {(told.message_id, told.status) for told in _heard(books)}
    unheard = {debt.name for debt in books.debts if not debt.is_acknowledged}
    wanted = {debt.name for debt in books.debts}
    wanted |= {(row.id, status) for row in books.rows for status in to_be_told(row.learnt)}
    return len(unheard | (wanted - known))


def to_be_told(learnt: Iterable[str]) -> list[str]:
    """Of the statuses in the order in which they were learnt: each rung that is the highest so far,
    and the first end. That it was accepted is no news of what has ended."""
    told: list[str] = []
    climbed, has_ended = 0, False
    for status in learnt:
        if status in ENDS:
            told += [] if has_ended else [status]
            has_ended = True
        elif (rung := RUNG[Status(status)]) > climbed:
            told += [] if has_ended and status == Status.ACCEPTED else [status]
            climbed = rung
    return told


def untrue(books: Books) -> int:
    """Told, and not owed."""
    owed = {debt.name for debt in books.debts}
    return len({(told.message_id, told.status) for told in books.told} - owed)


def told_again_and_twice(books: Books) -> tuple[int, int]:
    """How often something was told again for a reason that nobody can rule out, and without one."""
    repeats, excuses = list(_repeats(_heard(books))), Excuses(books)
    excused = sum(excuses.hold_for(first, again) for first, again in repeats)
    written = sum(_times_too_many(debt, excuses) for debt in books.debts)
    return excused, len(repeats) - excused + written


def _heard(books: Books) -> list[Told]:
    return [told for told in books.told if told.is_heard]


def _repeats(heard: Iterable[Told]) -> Iterator[tuple[Told, Told]]:
    """Each callback that was heard before, and that time before, in the order in which they came:
    the earlier one may have been heard later."""
    before: dict[tuple[str, str], Told] = {}
    for told in sorted(heard, key=attrgetter("came_at")):
        if told.name in before:
            yield before[told.name], told
        before[told.name] = told


def _times_too_many(debt: Debt, excuses: Excuses) -> int:
    """How many tries are written down as acknowledged beyond the first. One whose commit was cut
    off without an answer is written once more, and is the same by when it began."""
    again = sorted({began for began, _ in debt.acknowledged})[1:]
    return sum(not excuses.is_while_stopped(moment) for moment in again)


def out_of_order(books: Books) -> int:
    """Messages whose statuses were first heard in another order than they arose, or downwards."""
    arose: defaultdict[str, list[str]] = defaultdict(list)
    for debt in books.debts:
        arose[debt.message_id].append(debt.status)
    came: defaultdict[str, list[str]] = defaultdict(list)
    for told in _heard(books):
        if told.status not in came[told.message_id]:
            came[told.message_id].append(told.status)
    return sum(not _is_in_order(statuses, arose[id]) for id, statuses in came.items())


def _is_in_order(came: Sequence[str], arose: Sequence[str]) -> bool:
    meant = [status for status in arose if status in came]
    rungs = [RUNG[Status(status)] for status in came if status in RUNG]
    return rungs == sorted(rungs) and [status for status in came if status in meant] == meant
