"""The ladder: every pair of statuses, in every order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.vocabulary import Status
from messages_app.statuses import BESIDE, ENDS, RUNG, learn, telling_order


def told(*statuses: str) -> tuple[list[str], str]:
    """What is reported when these are learnt in this order, and where the message stands then."""
    seen: set[str] = set()
    current, reported = "", []
    for status in map(Status, statuses):
        step = learn(seen, current, status)
        if step is None:
            continue
        seen.add(status)
        current = step.status
        if step.is_reported:
            reported.append(str(status))
    return reported, current


@pytest.mark.parametrize(
    ("learnt", "reported", "stands"),
    [
        ("accepted delivered opened clicked", "accepted delivered opened clicked", "clicked"),
        ("delivered accepted", "delivered", "delivered"),
        ("opened delivered", "opened", "opened"),
        ("accepted delivered failed", "accepted delivered failed", "failed"),
        ("accepted failed delivered", "accepted failed delivered", "delivered"),
        ("rejected delivered", "rejected delivered", "delivered"),
        ("failed accepted", "failed", "failed"),
        ("failed rejected", "failed", "failed"),
        ("rejected failed", "rejected", "rejected"),
        ("delivered rejected", "delivered", "delivered"),
        ("delivered complained opened", "delivered complained opened", "opened"),
        ("unsubscribed", "unsubscribed", ""),
        ("failed unsubscribed", "failed unsubscribed", "failed"),
        ("delivered delivered", "delivered", "delivered"),
    ],
)
def test_what_is_reported_and_where_the_message_stands(learnt, reported, stands):
    assert told(*learnt.split()) == (reported.split(), stands)


@given(st.lists(st.sampled_from(list(Status)), max_size=12))
def test_every_status_is_reported_at_most_once_and_rungs_only_upwards(learnt):
    reported, _ = told(*learnt)
    assert len(reported) == len(set(reported))
    rungs = [RUNG[Status(status)] for status in reported if status in RUNG]
    assert rungs == sorted(rungs)
    assert set(learnt) & BESIDE == set(reported) & BESIDE


@given(st.lists(st.sampled_from(list(Status)), max_size=12))
def test_a_delivered_message_is_always_known_as_such_at_smartico(learnt):
    reported, _ = told(*learnt)
    highest = max((RUNG[status] for status in learnt if status in RUNG), default=0)
    if highest > 1:
        assert max(RUNG[Status(status)] for status in reported if status in RUNG) == highest


def test_statuses_learnt_together_are_told_from_the_bottom():
    for order in permutations([Status.CLICKED, Status.ACCEPTED, Status.OPENED, Status.DELIVERED]):
        assert sorted(order, key=telling_order) == sorted(order, key=RUNG.__getitem__)
    assert all(telling_order(end) > RUNG[Status.CLICKED] for end in ENDS)
