"""What the gateways of one channel cover: who wins for which users, and which of them never wins.

A pure function over plain values, built on `routing.route`. It looks at users with one value of
each property or none. That is enough to say who never wins: more values only let more gateways
fit, so one that wins for a user of many values also wins for a user of few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Channel
from gateways.routing import Route, route
from gateways.segments import Segment, sample, segments
from gateways.values import GatewayValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A segment, and its winner for each brand; None is a hole."""

    segment: Segment
    winners: tuple[GatewayValues | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """A gateway that never wins, and those that win wherever it fits."""

    gateway: GatewayValues
    behind: tuple[GatewayValues, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    rows: tuple[Row, ...]
    shadowed: tuple[Shadowed, ...]


def coverage(
    gateways: Iterable[GatewayValues], *, channel: Channel, brand_ids: Sequence[int | None]
) -> Coverage:
    """The grid of segments and brands. A None among the brands stands for users without one."""
    offered = [row for row in gateways if row.is_active and row.channel == channel]
    ways = {
        segment: [
            route(offered, channel=channel, brand_id=brand_id, properties=sample(segment))
            for brand_id in brand_ids
        ]
        for segment in segments(offered)
    }
    return Coverage(
        rows=tuple(
            Row(segment=segment, winners=tuple(_winner(way) for way in row))
            for segment, row in ways.items()
        ),
        shadowed=_shadowed(offered, [way for row in ways.values() for way in row]),
    )


def _winner(way: Route) -> GatewayValues | None:
    return way.fits[0] if way.fits else None


def _shadowed(offered: Sequence[GatewayValues], ways: Sequence[Route]) -> tuple[Shadowed, ...]:
    behind: dict[int, dict[int, GatewayValues]] = {gateway.id: {} for gateway in offered}
    winner_ids = set()
    for way in ways:
        for winner in way.fits[:1]:
            winner_ids.add(winner.id)
            for loser in way.fits[1:]:
                behind[loser.id][winner.id] = winner
    return tuple(
        Shadowed(gateway=gateway, behind=tuple(behind[gateway.id].values()))
        for gateway in offered
        if gateway.id not in winner_ids
    )
