"""What a change of the gateways would do: the same messages, routed before and after."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Channel
from gateways.routing import Route, route, route_preview
from gateways.values import GatewayValues


@dataclass(frozen=True, slots=True)
class Passenger:
    """All that routing asks about a message: messages that have it in common go one way."""

    brand_id: int | None
    properties: tuple[tuple[str, tuple[str, ...]], ...] | None
    """None: a preview, whose filters are ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """So many messages from one gateway to another; None is none at all."""

    before: GatewayValues | None
    after: GatewayValues | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    looked_at: int
    moves: tuple[Move, ...]

    @property
    def moved(self) -> int:
        return sum(move.count for move in self.moves)


def impact(
    before: Collection[GatewayValues],
    after: Collection[GatewayValues],
    *,
    channel: Channel,
    passengers: Mapping[Passenger, int],
) -> Impact:
    """Who of the counted passengers would go another way, the most travelled move first."""
    rows = {row.id: row for row in (*after, *before)}
    moves: Counter[tuple[int | None, int | None]] = Counter()
    for passenger, count in passengers.items():
        way = (_winner_id(before, channel, passenger), _winner_id(after, channel, passenger))
        if way[0] != way[1]:
            moves[way] += count
    return Impact(
        looked_at=sum(passengers.values()),
        moves=tuple(
            Move(before=rows.get(old or 0), after=rows.get(new or 0), count=count)
            for (old, new), count in moves.most_common()
        ),
    )


def _winner_id(
    gateways: Collection[GatewayValues], channel: Channel, passenger: Passenger
) -> int | None:
    fits = _way(gateways, channel, passenger).fits
    return fits[0].id if fits else None


def _way(gateways: Collection[GatewayValues], channel: Channel, passenger: Passenger) -> Route:
    if passenger.properties is None:
        return route_preview(gateways, channel=channel, brand_id=passenger.brand_id)
    return route(
        gateways,
        channel=channel,
        brand_id=passenger.brand_id,
        properties=dict(passenger.properties),
    )
