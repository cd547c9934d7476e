from collections import Counter
from dataclasses import replace

from hypothesis import given

from gateway_project.lib.vocabulary import Channel
from gateways.impact import Impact, Passenger, impact
from tests.gateways.houses import OURS, houses
from tests.gateways.plain import gateway

GERMAN = Passenger(OURS, (("country", ("DE",)),))
AUSTRIAN = Passenger(OURS, (("country", ("AT",)),))
PREVIEW = Passenger(OURS, None)
CROWD = Counter({GERMAN: 7, AUSTRIAN: 2, PREVIEW: 1})


def moves(found: Impact) -> list[tuple[int | None, int | None, int]]:
    return [
        (move.before.id if move.before else None, move.after.id if move.after else None, move.count)
        for move in found.moves
    ]


def moved(before, after) -> Impact:
    return impact(before, after, channel=Channel.SMS, passengers=CROWD)


def test_a_new_gateway_of_the_brand_takes_what_its_filters_match():
    own = gateway(2, brand_id=OURS, filters={"country": ("DE",)})
    found = moved([gateway(1)], [gateway(1), own])
    assert moves(found) == [(1, 2, 8)], "a preview ignores filters"
    assert (found.moved, found.looked_at) == (8, 10)


def test_a_gateway_that_narrows_leaves_the_others_to_the_next_or_to_none():
    wide, narrow = gateway(1), gateway(1, filters={"country": ("DE",)})
    assert moves(moved([wide], [narrow])) == [(1, None, 2)]
    assert moves(moved([wide, gateway(2)], [narrow, gateway(2)])) == [(1, 2, 2)]


def test_the_most_travelled_move_comes_first():
    german = gateway(2, filters={"country": ("DE",)})
    austrian = gateway(3, filters={"country": ("AT",)})
    assert moves(moved([], [austrian, german])) == [(None, 2, 8), (None, 3, 2)]


def test_without_messages_nothing_is_moved():
    assert impact([], [gateway(1)], channel=Channel.SMS, passengers={}) == Impact(
        looked_at=0, moves=()
    )


@given(houses)
def test_a_change_of_a_name_moves_nothing(house):
    assert moves(moved(house, [replace(row, name="Other") for row in house])) == []


@given(houses, houses)
def test_a_change_taken_back_moves_as_many_the_other_way(before, after):
    there, back = moved(before, after), moved(after, before)
    assert sorted(moves(there), key=str) == sorted(
        ((old, new, count) for new, old, count in moves(back)), key=str
    )
