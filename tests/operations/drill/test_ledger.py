"""The ledger check: books that agree, and each way in which they may not."""

from dataclasses import replace

import pytest

from gateway_project.operations.drill.ear import Told
from gateway_project.operations.drill.ledger import Books, Debt, Row, Standing, check


def told(id: str, status: str, at: float, *, is_heard: bool = True) -> Told:
    return Told(message_id=id, status=status, is_heard=is_heard, at=at)


def debt(id: str, status: str) -> Debt:
    return Debt(message_id=id, status=status, is_acknowledged=True)


def row(number: int, standing: Standing, status: str = "", cause: str = "") -> Row:
    return Row(
        id=f"m{number}", uid=f"drill-{number}", standing=standing, status=status, cause=cause
    )


SENT = row(1, Standing.SENT, "delivered")
REFUSED = row(2, Standing.REJECTED, "rejected")
EXPIRED = row(3, Standing.FAILED, "failed", "expired")
ERASED = row(4, Standing.FAILED, "failed", "erased")
HELD = row(5, Standing.HELD)
PARKED = row(6, Standing.UNKNOWN)
QUEUED = row(7, Standing.QUEUED)
ROWS = [SENT, REFUSED, EXPIRED, ERASED, HELD, PARKED, QUEUED]
DEBTS = [
    *(debt("m1", "accepted"), debt("m1", "delivered")),
    *(debt("m2", "rejected"), debt("m3", "failed"), debt("m4", "failed")),
]
TOLD = [told(each.message_id, each.status, float(at)) for at, each in enumerate(DEBTS)]
AGREED = Books(
    answered={row.uid: {row.id} for row in ROWS},
    rows=ROWS,
    sends={"drill-1": 1},
    debts=DEBTS,
    told=TOLD,
)


def test_books_that_agree_have_no_shortfall_and_every_message_stands_in_one_place():
    found = check(AGREED)
    assert found.shortfalls == {}
    assert found.accepted == 7
    places = (found.sent, found.rejected, found.failed, found.held, found.queued, found.unknown)
    assert places == (1, 1, 2, 1, 1, 1)
    assert (found.expired, found.erased) == (1, 1)


def without(sequence, *unwanted):
    return [each for each in sequence if each not in unwanted]


WRONG = {
    "a row that is gone": (
        {"rows": without(ROWS, HELD)},
        {"lost": 1, "unaccounted": 1},
    ),
    "a row that nobody was answered for": (
        {"answered": {each.uid: {each.id} for each in without(ROWS, HELD)}},
        {"unaccounted": 1},
    ),
    "two ids for one uid": (
        {"answered": {**AGREED.answered, "drill-5": {"m5", "m6"}, "drill-6": {"m6"}}},
        {"answered_twice": 1},
    ),
    "two rows of one uid": (
        {"rows": [*without(ROWS, HELD), replace(HELD, uid="drill-7")]},
        {"answered_twice": 1},
    ),
    "a send too many": ({"sends": {"drill-1": 3}}, {"sent_twice": 2}),
    "a send of what is refused": (
        {"sends": {"drill-1": 1, "drill-2": 1}},
        {"sent_and_unsaid": 1},
    ),
    "a send of what has expired": (
        {"sends": {"drill-1": 1, "drill-3": 1}},
        {"sent_and_unsaid": 1},
    ),
    "a send that is still parked": (
        {"sends": {"drill-1": 1, "drill-6": 1}},
        {"sent_and_unsaid": 1},
    ),
    "a message that was never sent": ({"sends": {}}, {"said_and_unsent": 1}),
    "a status that Smartico never heard": ({"told": TOLD[:-1]}, {"unreported": 1}),
    "a status that Smartico did not acknowledge": (
        {"told": [*TOLD[:-1], replace(TOLD[-1], is_heard=False)]},
        {"unreported": 1},
    ),
    "a status that is still owed": (
        {"debts": [*DEBTS[:-1], replace(DEBTS[-1], is_acknowledged=False)]},
        {"unreported": 1},
    ),
    "an end that nobody is owed": (
        {"debts": DEBTS[:-1], "told": TOLD[:-1]},
        {"unreported": 1},
    ),
    "a status told again": (
        {"told": [*TOLD, told("m3", "failed", 60.0)]},
        {"reported_twice": 1},
    ),
    "a status acknowledged twice": (
        {"debts": [*DEBTS[:-1], replace(DEBTS[-1], acknowledged_at=[4.0, 60.0])]},
        {"reported_twice": 1},
    ),
    "a status that was never learnt": (
        {"told": [*TOLD, told("m1", "opened", 60.0)]},
        {"reported_untrue": 1},
    ),
    "a callback without the key": ({"strangers": 1}, {"reported_untrue": 1}),
    "the last status first": ({"told": [TOLD[1], TOLD[0], *TOLD[2:]]}, {"out_of_order": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_disagreement_is_counted_under_its_own_name(name):
    changes, shortfalls = WRONG[name]
    assert check(replace(AGREED, **changes)).shortfalls == shortfalls


def told_again(*, killed_at: float, written_at: float) -> Books:
    """The last status is heard at 4 and at 60."""
    last = replace(DEBTS[-1], acknowledged_at=[written_at])
    return replace(
        AGREED,
        debts=[*DEBTS[:-1], last],
        told=[*TOLD, told("m4", "failed", 60.0)],
        killed_at=[killed_at],
    )


def test_what_is_told_again_since_the_answer_died_with_a_worker_is_no_shortfall():
    found = check(told_again(killed_at=4.5, written_at=59.9))
    assert found.shortfalls == {}
    assert found.told_again == 1


def test_what_is_told_again_since_no_answer_came_in_time_is_no_shortfall():
    books = told_again(killed_at=0.0, written_at=59.9)
    last = replace(books.debts[-1], unanswered=[(3.9, 13.9)])
    assert check(replace(books, debts=[*DEBTS[:-1], last])).shortfalls == {}
    other = replace(last, unanswered=[(20.0, 30.0)])
    assert check(replace(books, debts=[*DEBTS[:-1], other])).reported_twice == 1


@pytest.mark.parametrize(("killed_at", "written_at"), [(3.9, 59.9), (61.0, 59.9), (4.5, 3.9)])
def test_nothing_excuses_telling_again_what_was_written_down_or_what_nobody_died_of(
    killed_at, written_at
):
    assert check(told_again(killed_at=killed_at, written_at=written_at)).reported_twice == 1


def test_a_failure_that_the_provider_reported_itself_was_sent():
    bounced = row(8, Standing.FAILED, "failed", "other")
    books = replace(
        AGREED,
        answered={**AGREED.answered, bounced.uid: {bounced.id}},
        rows=[*ROWS, bounced],
        sends={"drill-1": 1, "drill-8": 1},
        debts=[*DEBTS, debt("m8", "accepted"), debt("m8", "failed")],
        told=[*TOLD, told("m8", "accepted", 9.0), told("m8", "failed", 10.0)],
    )
    assert check(books).shortfalls == {}
