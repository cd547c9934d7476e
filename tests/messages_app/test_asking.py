from datetime import UTC, datetime, timedelta

import pytest

from gateway_project.lib.vocabulary import Status
from messages_app.asking import ask_again, first_ask, next_ask
from messages_app.models import State

TAKEN = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)


def asked(status: str = Status.ACCEPTED, state: str = State.SENT) -> list[float]:
    """Every moment at which a message in that standing is asked about, in hours."""
    moments, moment = [], first_ask(TAKEN)
    while moment is not None:
        moments.append((moment - TAKEN).total_seconds() / 3600)
        moment = next_ask(TAKEN, moment, state=state, status=status)
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

    assert next_ask(TAKEN, now, state=State.SENT, status="") == TAKEN + timedelta(hours=3)


def test_a_question_without_answer_is_asked_again_even_after_three_days():
    late = TAKEN + timedelta(hours=80)

    assert ask_again(TAKEN, late, 60) == late + timedelta(seconds=60)
    assert ask_again(TAKEN, TAKEN + timedelta(days=8), 60) is None
