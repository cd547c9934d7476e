from datetime import UTC, datetime, timedelta

import pytest

from gateway_project.lib.vocabulary import Status
from gateways.receipts import Receipts
from messages_app.asking import Asking, asking_of, first_ask
from messages_app.models import State

TAKEN = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
ASKING = Asking()


def asked(
    status: str = Status.ACCEPTED, state: str = State.SENT, asking: Asking = ASKING
) -> list[float]:
    """Every moment at which a message in that standing is asked about, in hours."""
    moments, moment = [], first_ask(TAKEN)
    while moment is not None:
        moments.append((moment - TAKEN).total_seconds() / 3600)
        moment = asking.next(TAKEN, moment, state=state, status=status)
    return moments


def test_a_message_is_asked_about_soon_at_first_and_seldom_later_for_three_days():
    moments = asked()

    assert [round(hours * 3600) for hours in moments[:6]] == [30, 60, 120, 300, 600, 1800]
    assert moments[6:9] == [1, 3, 6]
    assert moments[-1] == 72
    assert moments == sorted(set(moments))


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.OPENED])
def test_a_delivered_message_is_asked_about_seldom(status):
    assert asked(status)[1:] == [1, 6, 24, 72]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.CLICKED, State.SENT),
        (Status.FAILED, State.FAILED),
        (Status.REJECTED, State.REJECTED),
    ],
)
def test_where_nothing_more_is_expected_it_is_asked_once_at_most(status, state):
    assert len(asked(status, state)) == 1


def test_the_end_of_an_earlier_round_does_not_end_this_one():
    assert asked(Status.FAILED, State.SENT) == asked()


def test_moments_that_went_by_are_not_made_up_for():
    now = TAKEN + timedelta(hours=2)

    assert ASKING.next(TAKEN, now, state=State.SENT, status="") == TAKEN + timedelta(hours=3)


def test_a_question_without_answer_is_asked_again_even_after_three_days():
    late = TAKEN + timedelta(hours=80)

    assert ASKING.again(TAKEN, late, 60) == late + timedelta(seconds=60)
    assert ASKING.again(TAKEN, TAKEN + timedelta(days=8), 60) is None


@pytest.mark.parametrize(("hours", "last"), [(1, [0.5, 1]), (50, [48, 50]), (200, [192, 200])])
def test_the_last_question_is_asked_when_the_receipt_is_missed(hours, last):
    assert asked(asking=asking_of(Receipts(hours=hours)))[-2:] == last


def test_where_no_receipt_is_missed_it_is_asked_about_for_three_days():
    assert asked(asking=asking_of(Receipts(hours=1, report=False))) == asked()


def test_without_an_answer_it_is_asked_again_at_least_until_the_receipt_is_missed():
    asking, late = asking_of(Receipts(hours=720)), TAKEN + timedelta(days=29)

    assert asking.again(TAKEN, late, 60) == late + timedelta(seconds=60)
    assert asking.again(TAKEN, TAKEN + timedelta(days=31), 60) is None
