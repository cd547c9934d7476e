from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.vocabulary import Channel
from gateways.routing import Reason, Route, route, route_preview
from gateways.values import GatewayValues
from tests.gateways.houses import FOREIGN, OURS, brands, houses, properties
from tests.gateways.plain import gateway


def routed(*gateways: GatewayValues, brand_id: int | None = OURS, **properties) -> Route:
    return route(gateways, channel=Channel.SMS, brand_id=brand_id, properties=properties)


def ids(found: Route) -> list[int]:
    return [fitting.id for fitting in found.fits]


def reasons(found: Route) -> dict[int, Reason]:
    return {verdict.gateway.id: verdict.reason for verdict in found.explanation}


def test_a_brands_own_gateway_beats_a_generic_one_with_a_lower_id():
    found = routed(gateway(1), gateway(2, brand_id=OURS))
    assert ids(found) == [2, 1]
    assert reasons(found) == {2: Reason.WINS, 1: Reason.OWN_BRAND_WINS}


def test_among_equals_the_lower_id_wins():
    found = routed(gateway(3), gateway(2))
    assert ids(found) == [2, 3]
    assert reasons(found) == {2: Reason.WINS, 3: Reason.LOWER_ID_WINS}


def test_more_filters_do_not_beat_a_lower_id():
    found = routed(
        gateway(1, filters={"country": ("DE",)}),
        gateway(2, filters={"country": ("DE",), "market": ("eu",)}),
        country="DE",
        market="eu",
    )
    assert ids(found) == [1, 2]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_active": False}, Reason.INACTIVE),
        ({"channel": Channel.VIBER}, Reason.OTHER_CHANNEL),
        ({"brand_id": FOREIGN}, Reason.OTHER_BRAND),
        ({"filters": {"market": ("eu",)}}, Reason.NO_VALUE),
        ({"filters": {"country": ("AT", "CH")}}, Reason.OTHER_VALUE),
    ],
)
def test_a_gateway_that_does_not_fit_is_told_why(changes, reason):
    found = routed(gateway(1, **changes), country="DE")
    assert ids(found) == []
    assert reasons(found) == {1: reason}


def test_the_explanation_names_the_property_what_it_is_and_what_was_wanted():
    found = routed(gateway(1, filters={"country": ("AT", "CH")}), country=" de ")
    assert found.explanation[0].text == "the user's country is  de , not among AT, CH"


def test_a_users_property_is_not_in_the_repr_of_an_explanation():
    found = routed(gateway(1, filters={"nickname": ("x",)}), nickname="canary@mailbox.example")
    assert "canary" not in repr(found)


def test_a_user_without_a_brand_takes_generic_gateways_only():
    assert ids(routed(gateway(1, brand_id=OURS), gateway(2), brand_id=None)) == [2]


def test_a_paused_gateway_still_wins_so_that_its_messages_are_held():
    assert ids(routed(gateway(1, is_paused=True), gateway(2))) == [1, 2]


@pytest.mark.parametrize(
    ("wanted", "has"),
    [
        ("DE", " de "),
        (" de", "DE"),
        ("straße", "STRASSE"),
        ("5", 5),
        ("5", 5.0),
        ("1.5", 1.5),
        ("true", True),
        ("FALSE", False),
        ("AT", ["DE", "at"]),
        ("2", [None, 2]),
    ],
)
def test_values_are_compared_in_a_normal_form(wanted, has):
    assert ids(routed(gateway(1, filters={"p": (wanted,)}), p=has)) == [1]


@pytest.mark.parametrize("has", [None, "", "  ", [], [None], {"DE": "DE"}, [["DE"]]])
def test_no_value_never_matches_a_set_filter(has):
    filters = {"country": ("DE", "null", "none", "[]", "{}", "", " ")}
    found = routed(gateway(1, filters=filters), country=has)
    assert reasons(found) == {1: Reason.NO_VALUE}


def test_the_number_one_is_not_true():
    assert ids(routed(gateway(1, filters={"vip": ("1",)}), vip=True)) == []


def test_all_filters_must_match():
    both = gateway(1, filters={"country": ("DE",), "market": ("eu",)})
    assert ids(routed(both, country="DE", market="eu")) == [1]
    assert ids(routed(both, country="DE", market="us")) == []
    assert ids(routed(both, country="FR", market="eu")) == []


def test_a_filter_that_names_no_value_is_not_set():
    assert ids(routed(gateway(1, filters={"country": ()}))) == [1]


def test_a_preview_ignores_filters_and_takes_the_keys_brand_first():
    gateways = [
        gateway(1, filters={"country": ("DE",)}),
        gateway(2, brand_id=OURS, filters={"country": ("AT",)}),
        gateway(3, brand_id=FOREIGN),
    ]
    with_brand = route_preview(gateways, channel=Channel.SMS, brand_id=OURS)
    without = route_preview(gateways, channel=Channel.SMS, brand_id=None)
    assert (ids(with_brand), ids(without)) == ([2, 1], [1])


@given(st.data(), houses, brands, properties)
def test_any_order_of_rows_gives_the_same_route(data, house, brand_id, has):
    shuffled = data.draw(st.permutations(house))
    assert routed(*shuffled, brand_id=brand_id, **has) == routed(*house, brand_id=brand_id, **has)


@given(houses, brands, properties)
def test_taking_a_loser_away_never_changes_the_winner(house, brand_id, has):
    winner = routed(*house, brand_id=brand_id, **has).fits[:1]
    for loser in house:
        if (loser,) != winner:
            rest = [row for row in house if row is not loser]
            assert routed(*rest, brand_id=brand_id, **has).fits[:1] == winner


@given(houses, brands, properties)
def test_without_its_winner_a_route_goes_on_with_the_next_that_fits(house, brand_id, has):
    fits = routed(*house, brand_id=brand_id, **has).fits
    rest = [row for row in house if row not in fits[:1]]
    assert routed(*rest, brand_id=brand_id, **has).fits == fits[1:]


@given(houses, brands, properties)
def test_every_gateway_gets_one_verdict_and_only_the_first_wins(house, brand_id, has):
    found = routed(*house, brand_id=brand_id, **has)
    assert sorted(verdict.gateway.id for verdict in found.explanation) == sorted(
        row.id for row in house
    )
    assert tuple(row.gateway for row in found.explanation if row.fits) == found.fits
    winners = [row.gateway for row in found.explanation if row.reason == Reason.WINS]
    assert tuple(winners) == found.fits[:1]


@given(houses, brands, properties)
def test_pausing_changes_no_route(house, brand_id, has):
    paused = [replace(row, is_paused=not row.is_paused) for row in house]
    assert ids(routed(*paused, brand_id=brand_id, **has)) == ids(
        routed(*house, brand_id=brand_id, **has)
    )


@given(houses, brands, properties)
def test_a_value_in_other_letters_and_spaces_takes_the_same_route(house, brand_id, has):
    disguised = {
        name: f" {value.swapcase()}\t" if isinstance(value, str) else value
        for name, value in has.items()
    }
    assert ids(routed(*house, brand_id=brand_id, **disguised)) == ids(
        routed(*house, brand_id=brand_id, **has)
    )


@pytest.mark.parametrize(
    ("rivals", "words"),
    [
        ([], "the only one there is"),
        ([gateway(2, filters={"country": ("AT",)})], "the only one of 2 that fits"),
        ([gateway(2, channel=Channel.VIBER)], "the only one there is"),
        ([gateway(2)], "the brand's own gateway; 2 of 2 fit"),
        ([gateway(2, brand_id=OURS), gateway(3)], "the lowest id of its rank; 3 of 3 fit"),
    ],
)
def test_the_winner_is_told_why_without_a_word_about_the_user(rivals, words):
    found = routed(gateway(1, brand_id=OURS), *rivals, country="the-country")
    assert found.because == words


def test_where_none_fits_there_is_nothing_to_tell():
    assert routed().because == ""
