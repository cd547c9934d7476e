"""The ledger check: books that agree, and each way in which they may not."""

from dataclasses import replace

import pytest

from gateway_project.operations.drill.books import Books, Debt, Row, Standing
from gateway_project.operations.drill.ear import Told
from gateway_project.operations.drill.ledger import check
from gateway_project.operations.drill.sends import Reported
from gateway_project.operations.drill.telling import to_be_told


def told(
    id: str, status: str, at: float, *, is_heard: bool = True, came_at: float | None = None
) -> Told:
    came_at = at if came_at is None else came_at
    return Told(message_id=id, status=status, is_heard=is_heard, came_at=came_at, at=at)


def debt(id: str, status: str) -> Debt:
    return Debt(message_id=id, status=status, is_acknowledged=True)


def reported(number: int, status: str, *, names_message: bool = True) -> Reported:
    return Reported(
        uid=f"drill-{number}",
        provider_id=f"p-{number}",
        status=status,
        names_message=names_message,
        taken_at=1.0,
    )


def row(number: int, standing: Standing, *learnt: str, cause: str = "") -> Row:
    """The provider took what was accepted."""
    was_taken = "accepted" in learnt
    return Row(
        id=f"m{number}",
        uid=f"drill-{number}",
        standing=standing,
        status=learnt[-1] if learnt else "",
        cause=cause,
        learnt=learnt,
        was_taken=was_taken,
        provider_ids={f"p-{number}"} if was_taken else frozenset(),
    )


SENT = row(1, Standing.SENT, "accepted", "delivered")
REFUSED = row(2, Standing.REJECTED, "rejected")
EXPIRED = row(3, Standing.FAILED, "failed", cause="expired")
ERASED = row(4, Standing.FAILED, "failed", cause="erased")
HELD = row(5, Standing.HELD)
PARKED = row(6, Standing.UNKNOWN)
QUEUED = row(7, Standing.QUEUED)
BOUNCED = row(8, Standing.FAILED, "accepted", "failed", cause="other")
ROWS = [SENT, REFUSED, EXPIRED, ERASED, HELD, PARKED, QUEUED, BOUNCED]
DEBTS = [
    *(debt("m1", "accepted"), debt("m1", "delivered")),
    *(debt("m2", "rejected"), debt("m3", "failed")),
    *(debt("m8", "accepted"), debt("m8", "failed"), debt("m4", "failed")),
]
TOLD = [told(each.message_id, each.status, float(at)) for at, each in enumerate(DEBTS)]
REPORTS = [reported(1, "delivered"), reported(8, "failed")]
AGREED = Books(
    answered={row.uid: {row.id} for row in ROWS},
    told=TOLD,
    sends={"drill-1": 1, "drill-8": 1},
    refusals={"drill-2"},
    reports=REPORTS,
    rows=ROWS,
    debts=DEBTS,
    lease_seconds=10.0,
)
SENDS = AGREED.sends


def instead(old: Row, **changes: object) -> list[Row]:
    return [replace(each, **changes) if each is old else each for each in ROWS]


def test_books_that_agree_have_no_shortfall_and_every_message_stands_in_one_place():
    found = check(AGREED)
    assert found.shortfalls == {}
    assert found.accepted == 8
    places = (found.sent, found.rejected, found.failed, found.held, found.queued, found.unknown)
    assert places == (1, 1, 3, 1, 1, 1)
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
    "a send too many": ({"sends": {**SENDS, "drill-1": 3}}, {"sent_twice": 2}),
    "a send of what is refused": (
        {"sends": {**SENDS, "drill-2": 1}},
        {"sent_and_unsaid": 1},
    ),
    "a send of what has expired": (
        {"sends": {**SENDS, "drill-3": 1}},
        {"sent_and_unsaid": 1},
    ),
    "a send that is still parked, though it was reported on": (
        {"sends": {**SENDS, "drill-6": 1}, "reports": [*REPORTS, reported(6, "delivered")]},
        {"sent_and_unsaid": 1, "unlearnt": 1},
    ),
    "a send that failed, and did not bounce": (
        {"rows": instead(SENT, standing=Standing.FAILED)},
        {"sent_and_unsaid": 1},
    ),
    "a bounce that stands as sent": (
        {"rows": instead(BOUNCED, standing=Standing.SENT)},
        {"sent_and_unsaid": 1},
    ),
    "a bounce that is read as a delivery": (
        {
            "rows": instead(BOUNCED, standing=Standing.SENT, learnt=("accepted", "delivered")),
            "debts": [*DEBTS[:5], debt("m8", "delivered"), DEBTS[6]],
            "told": [*TOLD[:5], told("m8", "delivered", 5.0), TOLD[6]],
        },
        {"sent_and_unsaid": 1, "unlearnt": 1, "reported_untrue": 1},
    ),
    "a refusal that nobody made": ({"refusals": frozenset()}, {"reported_untrue": 1}),
    "a refusal that is not written down": (
        {"refusals": {"drill-2", "drill-7"}},
        {"unlearnt": 1},
    ),
    "a message that was never sent": (
        {"sends": {"drill-8": 1}},
        {"said_and_unsent": 1, "reported_untrue": 1},
    ),
    "a report that was taken and is nowhere": (
        {"reports": [*REPORTS, reported(1, "opened")]},
        {"unlearnt": 1},
    ),
    "a report by the provider's id, which is known, that is nowhere": (
        {"reports": [*REPORTS, reported(1, "opened", names_message=False)]},
        {"unlearnt": 1},
    ),
    "an acceptance that is nowhere": (
        {
            "rows": instead(SENT, learnt=("delivered",)),
            "debts": DEBTS[1:],
            "told": TOLD[1:],
        },
        {"unlearnt": 1},
    ),
    "an acceptance that nobody is owed": (
        {"debts": DEBTS[1:], "told": TOLD[1:]},
        {"unreported": 1},
    ),
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
        {"debts": [*DEBTS[:-1], replace(DEBTS[-1], acknowledged=[(4.0, 4.1), (60.0, 60.1)])]},
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
    """The last status is heard at 6 and at 60."""
    last = replace(DEBTS[-1], acknowledged=[(written_at, written_at + 0.1)])
    return replace(
        AGREED,
        debts=[*DEBTS[:-1], last],
        told=[*TOLD, told("m4", "failed", 60.0)],
        killed_at=[killed_at],
    )


def test_what_is_told_again_since_the_answer_died_with_a_worker_is_no_shortfall():
    found = check(told_again(killed_at=6.5, written_at=59.9))
    assert found.shortfalls == {}
    assert found.told_again == 1


def test_what_is_told_again_since_no_answer_came_in_time_is_no_shortfall():
    books = told_again(killed_at=0.0, written_at=59.9)
    last = replace(books.debts[-1], unanswered=[(5.9, 15.9)])
    assert check(replace(books, debts=[*DEBTS[:-1], last])).shortfalls == {}
    other = replace(last, unanswered=[(20.0, 30.0)])
    assert check(replace(books, debts=[*DEBTS[:-1], other])).reported_twice == 1


@pytest.mark.parametrize(("killed_at", "written_at"), [(5.9, 59.9), (61.0, 59.9), (6.5, 5.9)])
def test_nothing_excuses_telling_again_what_was_written_down_or_what_nobody_died_of(
    killed_at, written_at
):
    assert check(told_again(killed_at=killed_at, written_at=written_at)).reported_twice == 1


def writing_others_by(ended: float, books: Books) -> Books:
    """What was told a moment after the last status was heard for the first time is written down."""
    other = replace(books.debts[0], acknowledged=[(6.1, ended)])
    return replace(books, debts=[other, *books.debts[1:]])


def test_an_answer_nobody_wrote_down_hides_behind_no_death_a_second_after_others_were_written():
    lost = writing_others_by(6.3, told_again(killed_at=8.0, written_at=59.9))
    found = check(lost)
    assert (found.reported_twice, found.told_again) == (1, 0)
    assert check(replace(lost, killed_at=[7.2])).shortfalls == {}


def test_who_could_write_nothing_is_excused_by_a_death_within_the_lease():
    stuck = writing_others_by(30.0, told_again(killed_at=15.0, written_at=59.9))
    assert check(stuck).told_again == 1
    assert check(stuck).shortfalls == {}
    assert check(replace(stuck, killed_at=[16.1])).reported_twice == 1


def test_who_had_no_database_has_a_second_from_when_it_is_found_again():
    cut_off = replace(
        writing_others_by(6.3, told_again(killed_at=11.9, written_at=59.9)),
        outages=[(9.5, 10.0), (6.5, 9.0)],
    )
    assert check(cut_off).told_again == 1
    assert check(cut_off).shortfalls == {}
    assert check(replace(cut_off, killed_at=[12.1])).reported_twice == 1
    assert check(replace(cut_off, outages=[])).reported_twice == 1


@pytest.mark.parametrize(
    ("outage", "killed_at"), [((7.2, 7.9), 7.85), ((6.8, 7.9), 9.8), ((7.2, 7.9), 9.8)]
)
def test_who_loses_the_database_in_the_last_second_has_one_from_when_it_is_found_again(
    outage, killed_at
):
    """Until 7.3 there would have been time."""
    again = writing_others_by(6.3, told_again(killed_at=killed_at, written_at=59.9))
    assert check(replace(again, outages=[outage])).shortfalls == {}
    assert check(replace(again, outages=[(7.4, 7.9)])).reported_twice == 1
    late = replace(again, killed_at=[10.0])
    assert check(replace(late, outages=[outage])).reported_twice == 1


def test_who_had_no_database_until_the_lease_was_over_is_excused_without_a_death():
    cut_off = replace(told_again(killed_at=0.0, written_at=59.9), outages=[(6.5, 58.5)])
    assert check(cut_off).told_again == 1
    assert check(replace(cut_off, outages=[(6.5, 57.9)])).reported_twice == 1


def test_what_smartico_heard_after_the_caller_had_given_up_is_told_again():
    """The second telling is heard before the first one."""
    last = replace(DEBTS[-1], unanswered=[(5.9, 16.0)], acknowledged=[(16.9, 17.1)])
    late = [told("m4", "failed", 17.0), told("m4", "failed", 18.0, came_at=6.0)]
    books = replace(AGREED, debts=[*DEBTS[:-1], last], told=[*TOLD[:-1], *late])
    assert check(books).shortfalls == {}
    assert check(books).told_again == 1
    unwritten = replace(books, debts=[*DEBTS[:-1], replace(last, unanswered=[])])
    assert check(unwritten).reported_twice == 1


def test_what_was_told_again_while_a_worker_was_stopped_is_no_shortfall():
    """It writes down what it had heard, beside the one who told it again."""
    twice = replace(DEBTS[-1], acknowledged=[(6.0, 6.1), (60.0, 60.1)])
    books = replace(
        AGREED,
        debts=[*DEBTS[:-1], twice],
        told=[*TOLD, told("m4", "failed", 60.0)],
        stopped=[(7.0, 61.0)],
    )
    assert check(books).shortfalls == {}
    assert check(replace(books, stopped=[(7.0, 50.0)])).reported_twice == 2


def told_slowly(*, stopped: tuple[float, float]) -> Books:
    """The last status is heard at 6, and told again from 40 on, until it is heard at 60."""
    last = replace(DEBTS[-1], acknowledged=[(5.9, 50.5)])
    again = told("m4", "failed", 60.0, came_at=40.0)
    return replace(AGREED, debts=[*DEBTS[:-1], last], told=[*TOLD, again], stopped=[stopped])


def test_what_came_again_while_a_worker_was_stopped_is_no_shortfall_however_late_it_was_heard():
    assert check(told_slowly(stopped=(7.0, 50.0))).shortfalls == {}
    assert check(told_slowly(stopped=(15.9, 50.0))).told_again == 1


@pytest.mark.parametrize("stopped", [(7.0, 38.9), (40.1, 70.0), (16.1, 50.0)])
def test_no_stop_excuses_what_came_again_before_or_after_it_or_what_was_heard_a_lease_ago(stopped):
    assert check(told_slowly(stopped=stopped)).reported_twice == 1


def test_one_try_that_is_written_down_twice_is_one():
    """Its commit came through, and the answer to that did not."""
    last = replace(DEBTS[-1], acknowledged=[(6.0, 6.1), (6.0, 6.9)])
    assert check(replace(AGREED, debts=[*DEBTS[:-1], last])).shortfalls == {}


def test_a_report_that_was_never_taken_need_not_be_known():
    late = replace(reported(1, "opened"), taken_at=None)
    assert check(replace(AGREED, reports=[*REPORTS, late])).shortfalls == {}


def test_a_report_by_an_id_that_nobody_here_has_need_not_be_known():
    stray = replace(reported(1, "opened", names_message=False), provider_id="p-9")
    assert check(replace(AGREED, reports=[*REPORTS, stray])).shortfalls == {}


def test_what_is_parked_and_not_reported_on_may_have_been_sent_or_refused():
    assert check(replace(AGREED, sends={**SENDS, "drill-6": 1})).shortfalls == {}
    assert check(replace(AGREED, refusals={"drill-2", "drill-6"})).shortfalls == {}


@pytest.mark.parametrize(
    ("learnt", "told"),
    [
        (("accepted", "delivered", "opened"), ["accepted", "delivered", "opened"]),
        (("opened", "accepted", "delivered"), ["opened"]),
        (("failed", "accepted"), ["failed"]),
        (("failed", "delivered"), ["failed", "delivered"]),
        (("rejected", "failed"), ["rejected"]),
        ((), []),
    ],
)
def test_what_is_told_of_a_message_climbs(learnt, told):
    assert to_be_told(learnt) == told
