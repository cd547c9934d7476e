from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.vocabulary import Channel
from gateways.coverage import Coverage, coverage
from gateways.routing import normal, route, texts_of
from gateways.segments import Condition
from gateways.values import GatewayValues
from tests.gateways.houses import FOREIGN, OURS, houses, properties
from tests.gateways.plain import gateway

BRANDS = (OURS, FOREIGN, None)


def covered(*gateways: GatewayValues, brand_ids=BRANDS) -> Coverage:
    return coverage(gateways, channel=Channel.SMS, brand_ids=brand_ids)


def grid(found: Coverage) -> dict[str, list[int | None]]:
    """Ids of the winners by segment, as a person reads it."""
    return {
        " / ".join(condition.text for condition in row.segment): [
            winner.id if winner else None for winner in row.winners
        ]
        for row in found.rows
    }


def shadowed(found: Coverage) -> dict[int, list[int]]:
    return {row.gateway.id: [winner.id for winner in row.behind] for row in found.shadowed}


def test_without_a_gateway_there_is_one_row_of_holes():
    assert grid(covered()) == {"": [None, None, None]}


def test_a_generic_gateway_covers_what_a_brands_own_does_not():
    found = covered(gateway(1), gateway(2, brand_id=OURS))
    assert grid(found) == {"": [2, 1, 1]}
    assert shadowed(found) == {}


def test_values_that_make_no_difference_share_a_row():
    found = covered(
        gateway(1, filters={"country": ("DE", "AT")}),
        gateway(2, filters={"country": ("US",)}),
        brand_ids=(None,),
    )
    assert list(grid(found).items()) == [("DE, AT", [1]), ("US", [2]), ("any other value", [None])]


def test_values_are_spelt_as_the_first_gateway_spells_them_and_compared_in_normal_form():
    found = covered(
        gateway(1, filters={"country": ("DE",)}),
        gateway(2, filters={"country": (" de", "AT")}),
        brand_ids=(None,),
    )
    assert grid(found) == {"DE": [1], "AT": [2], "any other value": [None]}


def test_of_two_properties_only_the_pairs_that_matter_are_told_apart():
    found = covered(
        gateway(1, filters={"country": ("DE",), "market": ("eu",)}),
        gateway(2, filters={"country": ("US",)}),
        brand_ids=(None,),
    )
    assert grid(found) == {
        "DE / eu": [1],
        "DE / any other value": [None],
        "US / any value": [2],
        "any other value / any value": [None],
    }


def test_a_filter_that_names_no_value_divides_nothing():
    assert grid(covered(gateway(1, filters={"country": ()}), brand_ids=(None,))) == {"": [1]}


def test_inactive_gateways_and_other_channels_cover_nothing():
    found = covered(
        gateway(1, is_active=False, filters={"country": ("DE",)}),
        gateway(2, channel=Channel.VIBER),
    )
    assert grid(found) == {"": [None, None, None]}
    assert shadowed(found) == {}


def test_a_paused_gateway_still_wins_its_cells():
    found = covered(gateway(1, is_paused=True), gateway(2), brand_ids=(None,))
    assert grid(found) == {"": [1]}


def test_a_gateway_behind_a_wider_one_never_wins():
    found = covered(gateway(1), gateway(2, filters={"country": ("DE",)}))
    assert shadowed(found) == {2: [1]}


def test_several_gateways_together_can_leave_nothing_to_another():
    found = covered(
        gateway(1, brand_id=OURS, filters={"country": ("DE",)}),
        gateway(2, brand_id=OURS, filters={"country": ("AT",)}),
        gateway(3, brand_id=OURS, filters={"country": ("DE", "AT")}),
    )
    assert shadowed(found) == {3: [1, 2]}


def test_a_generic_gateway_wins_for_users_without_a_brand_if_nowhere_else():
    found = covered(gateway(1), gateway(2, brand_id=OURS), gateway(3, brand_id=FOREIGN))
    assert shadowed(found) == {}


def test_many_values_make_no_more_rows_than_differences():
    countries = tuple(f"C{number}" for number in range(200))
    markets = tuple(f"m{number}" for number in range(200))
    found = covered(
        gateway(1, filters={"country": countries[:120], "market": markets[:90]}),
        gateway(2, filters={"country": countries[100:], "market": markets[80:]}),
        brand_ids=(None,),
    )
    assert len(found.rows) == 9


def holds(condition: Condition, has) -> bool:
    found = {normal(text) for text in texts_of(has.get(condition.filter_property))}
    if condition.values:
        return bool(found & set(map(normal, condition.values)))
    return not found & set(map(normal, condition.other_than))


def winner(house, brand_id, has) -> GatewayValues | None:
    return next(
        iter(route(house, channel=Channel.SMS, brand_id=brand_id, properties=has).fits), None
    )


@given(houses, properties)
def test_the_grid_says_what_becomes_of_every_user(house, has):
    found = covered(*house)
    rows = [row for row in found.rows if all(holds(condition, has) for condition in row.segment)]
    assert len(rows) == 1
    assert rows[0].winners == tuple(winner(house, brand_id, has) for brand_id in BRANDS)


several = st.dictionaries(
    st.sampled_from(["country", "market"]),
    st.lists(st.sampled_from(["DE", "AT", "eu", "true", 1]), max_size=4),
)


@given(houses, several)
def test_who_is_said_never_to_win_never_wins_not_even_for_users_of_several_values(house, has):
    never = {row.gateway.id for row in covered(*house).shadowed}
    for brand_id in BRANDS:
        won = winner(house, brand_id, has)
        assert won is None or won.id not in never


@given(houses, several)
def test_who_never_wins_is_missed_by_nobody(house, has):
    never = {row.gateway.id for row in covered(*house).shadowed}
    rest = [row for row in house if row.id not in never]
    for brand_id in BRANDS:
        assert winner(rest, brand_id, has) == winner(house, brand_id, has)


@given(houses)
def test_pausing_changes_no_cell(house):
    paused = [replace(row, is_paused=not row.is_paused) for row in house]
    assert grid(covered(*paused)) == grid(covered(*house))
