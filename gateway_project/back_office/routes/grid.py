"""The coverage of a label, channel by channel, as its page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Channel
from gateways.coverage import Row, Shadowed, coverage
from gateways.values import LabelValues

MOST_ROWS = 200
WITHOUT_BRAND = "Users without a brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One channel: what its filters ask about, whose columns there are, and who wins."""

    channel: Channel
    properties: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    shadowed: tuple[Shadowed, ...]

    @property
    def has_holes(self) -> bool:
        return any(winner is None for row in self.rows for winner in row.winners)


def grids(label: LabelValues, brands: Mapping[int, str]) -> list[Grid]:
    """Those of the channels that have an active gateway."""
    used = {gateway.channel for gateway in label.gateways}
    return [_grid(label, channel, brands) for channel in Channel if channel in used]


def _grid(label: LabelValues, channel: Channel, brands: Mapping[int, str]) -> Grid:
    found = coverage(label.gateways, channel=channel, brand_ids=(*brands, None))
    return Grid(
        channel=channel,
        properties=tuple(condition.filter_property for condition in found.rows[0].segment),
        columns=(*brands.values(), WITHOUT_BRAND),
        rows=found.rows[:MOST_ROWS],
        left_out=len(found.rows[MOST_ROWS:]),
        shadowed=found.shadowed,
    )
