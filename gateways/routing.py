"""Which gateways a message may take, in order of preference, and why the others may not.

Source: "Instant Messages Gateway guide", the Conditions screen. A pure function over plain values:
it reads no database, and the order of the rows it is given changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway_project.lib.vocabulary import Channel
from gateways.values import GatewayValues


class Reason(StrEnum):
    """Why a gateway won, waits behind another, or does not fit."""

    WINS = "wins"
    OWN_BRAND_WINS = "own_brand_wins"
    LOWER_ID_WINS = "lower_id_wins"
    INACTIVE = "inactive"
    OTHER_CHANNEL = "other_channel"
    OTHER_BRAND = "other_brand"
    NO_VALUE = "no_value"
    OTHER_VALUE = "other_value"


FITTING = frozenset({Reason.WINS, Reason.OWN_BRAND_WINS, Reason.LOWER_ID_WINS})

NOT_ASKED = frozenset({Reason.INACTIVE, Reason.OTHER_CHANNEL})
"""Gateways that never were in question."""

WON_BY = {
    Reason.OWN_BRAND_WINS: "the brand's own gateway",
    Reason.LOWER_ID_WINS: "the lowest id of its rank",
}
"""What the winner had over the second."""

TEXTS = {
    Reason.WINS: "fits",
    Reason.OWN_BRAND_WINS: "fits, but a brand's own gateway wins",
    Reason.LOWER_ID_WINS: "fits, but a lower id wins",
    Reason.INACTIVE: "is not active",
    Reason.OTHER_CHANNEL: "is for another channel",
    Reason.OTHER_BRAND: "is for another brand",
    Reason.NO_VALUE: "the user has no {property}",
    Reason.OTHER_VALUE: "the user's {property} is {found}, not among {wanted}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one gateway. `text` may hold a user's property: it stays out of logs."""

    gateway: GatewayValues
    reason: Reason
    filter_property: str = ""
    found: tuple[str, ...] = field(default=(), repr=False)

    @property
    def fits(self) -> bool:
        return self.reason in FITTING

    @property
    def text(self) -> str:
        return TEXTS[self.reason].format(
            property=self.filter_property,
            found=", ".join(self.found),
            wanted=", ".join(self.gateway.filters.get(self.filter_property, ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The gateways that fit, the first of them the winner, and a verdict on every one."""

    fits: tuple[GatewayValues, ...]
    explanation: tuple[Verdict, ...]

    @property
    def because(self) -> str:
        """Why the winner won, in words that hold nothing of the user; empty where none fits."""
        if not self.fits:
            return ""
        asked = sum(verdict.reason not in NOT_ASKED for verdict in self.explanation)
        if len(self.fits) == 1:
            return f"the only one of {asked} that fits" if asked > 1 else "the only one there is"
        second = self.explanation[1].reason
        return f"{WON_BY[second]}; {len(self.fits)} of {asked} fit"


def route(
    gateways: Iterable[GatewayValues],
    *,
    channel: Channel,
    brand_id: int | None,
    properties: Mapping[str, Any],
) -> Route:
    """Routes a message to a user of this brand with these properties.

    A gateway fits if it is active, of the channel, of the user's brand or of none, and all its
    filters match. A brand's own gateway beats a generic one, then the lower id does; how many
    filters they have counts for nothing. A paused gateway fits: its messages are held.
    """
    values = {name: texts_of(value) for name, value in properties.items()}
    return _ranked(_judge(gateway, channel, brand_id, values) for gateway in gateways)


def route_preview(
    gateways: Iterable[GatewayValues], *, channel: Channel, brand_id: int | None
) -> Route:
    """Routes a preview, which has no user: by the key's brand, else generic, filters ignored."""
    return _ranked(_judge(gateway, channel, brand_id, None) for gateway in gateways)


def texts_of(value: Any) -> tuple[str, ...]:
    """A property's values as texts: one, those of a list, or none for null, blank and objects."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(text for text in map(_text, values) if text.strip())


def normal(text: str) -> str:
    """As values are compared: case and outer spaces count for nothing."""
    return text.strip().casefold()


def _judge(
    gateway: GatewayValues,
    channel: Channel,
    brand_id: int | None,
    values: Mapping[str, tuple[str, ...]] | None,
) -> Verdict:
    """The first reason against the gateway; WINS, for the time being, if there is none."""
    if not gateway.is_active:
        return Verdict(gateway=gateway, reason=Reason.INACTIVE)
    if gateway.channel != channel:
        return Verdict(gateway=gateway, reason=Reason.OTHER_CHANNEL)
    if gateway.brand_id is not None and gateway.brand_id != brand_id:
        return Verdict(gateway=gateway, reason=Reason.OTHER_BRAND)
    missed = None if values is None else _missed_filter(gateway, values)
    return missed or Verdict(gateway=gateway, reason=Reason.WINS)


def _missed_filter(gateway: GatewayValues, values: Mapping[str, tuple[str, ...]]) -> Verdict | None:
    """The first filter that does not match. A filter that names no value is not set."""
    for name in sorted(gateway.filters):
        wanted = {normal(text) for text in texts_of(gateway.filters[name])}
        found = values.get(name, ())
        if wanted and wanted.isdisjoint(map(normal, found)):
            reason = Reason.OTHER_VALUE if found else Reason.NO_VALUE
            return Verdict(gateway=gateway, reason=reason, filter_property=name, found=found)
    return None


def _ranked(verdicts: Iterable[Verdict]) -> Route:
    by_id = sorted(verdicts, key=lambda verdict: verdict.gateway.id)
    fitting = [verdict for verdict in by_id if verdict.fits]
    fitting.sort(key=lambda verdict: verdict.gateway.brand_id is None)
    losers = tuple(_behind(fitting[0].gateway, verdict) for verdict in fitting[1:])
    refused = tuple(verdict for verdict in by_id if not verdict.fits)
    return Route(
        fits=tuple(verdict.gateway for verdict in fitting),
        explanation=(*fitting[:1], *losers, *refused),
    )


def _behind(winner: GatewayValues, verdict: Verdict) -> Verdict:
    same_rank = (winner.brand_id is None) == (verdict.gateway.brand_id is None)
    reason = Reason.LOWER_ID_WINS if same_rank else Reason.OWN_BRAND_WINS
    return Verdict(gateway=verdict.gateway, reason=reason)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, str | int | float) else ""
