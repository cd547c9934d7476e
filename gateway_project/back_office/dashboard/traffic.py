"""What became of the messages: in numbers, over time, and as a funnel, channel by channel."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway_project.back_office.dashboard.links import list_of
from gateway_project.back_office.dashboard.reading import Figures
from gateway_project.back_office.dashboard.sight import Sight
from gateway_project.lib.vocabulary import Channel
from messages_app.models import Measure, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart: readable on white and on black, and told apart without colours."""

    title: str
    measures: tuple[Measure, ...]
    colour: str
    dash: tuple[int, ...] = ()
    narrowed: Mapping[str, str]
    """Which messages of the log are meant."""


LINES = (
    Line(title="Accepted", measures=(Measure.ACCEPTED,), colour="#64748b", narrowed={}),
    Line(
        title="Sent",
        measures=(Measure.SENT,),
        colour="#3b82f6",
        dash=(6, 3),
        narrowed={"state__exact": State.SENT},
    ),
    Line(
        title="Delivered",
        measures=(Measure.DELIVERED,),
        colour="#16a34a",
        narrowed={"status__exact": "delivered"},
    ),
    Line(
        title="Failed",
        measures=(Measure.FAILED, Measure.REJECTED),
        colour="#dc2626",
        dash=(2, 2),
        narrowed={"status__in": "failed,rejected"},
    ),
    Line(
        title="Unknown",
        measures=(Measure.TRY_UNKNOWN,),
        colour="#d97706",
        dash=(8, 3, 2, 3),
        narrowed={"state__exact": State.UNKNOWN},
    ),
)
FUNNEL = (
    *(Measure.ACCEPTED, Measure.SENT, Measure.DELIVERED),
    *(Measure.OPENED, Measure.CLICKED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    title: str
    count: int
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a funnel; `share` is in percent of its first."""

    title: str
    count: int
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCard:
    key: str
    title: str
    numbers: Sequence[Number]
    funnel: Sequence[Stage]
    chart: str
    """The data of the chart, as JSON."""
    rows: Sequence[tuple[str, Sequence[int]]]
    """The same as rows of a table: the points at which anything happened."""


def numbers(figures: Figures, sight: Sight) -> list[Number]:
    """What happened on all channels."""
    counts = figures.sums(lambda total: total.measure, *Measure.values)
    refused = Number(title="Refused", count=counts[Measure.REFUSED], link="#refusals")
    return [*_numbers(counts, sight, figures.narrowed), refused]


def channel_cards(figures: Figures, sight: Sight) -> list[ChannelCard]:
    """A card for each channel on which anything happened, in Smartico's order."""
    counts = figures.sums(lambda total: (total.channel, total.measure), *Measure.values)
    return [_card(channel, counts, figures, sight) for channel in _busy(figures)]


def _busy(figures: Figures) -> list[Channel]:
    busy = {channel for channel, _ in figures.by_time}
    return [channel for channel in Channel if channel in busy]


def _card(channel: Channel, counts: Any, figures: Figures, sight: Sight) -> ChannelCard:
    own = {measure: counts[channel, measure] for measure in Measure.values}
    series = [_series(figures, channel, line) for line in LINES]
    by_point = zip(*series, strict=True)
    return ChannelCard(
        key=channel,
        title=channel.label,
        numbers=_numbers(own, sight, {**figures.narrowed, "channel__exact": channel}),
        funnel=_funnel(own),
        chart=_chart(figures.points, series),
        rows=[row for row in zip(figures.points, by_point, strict=True) if any(row[1])],
    )


def _numbers(counts: Mapping[str, int], sight: Sight, narrowed: Mapping[str, str]) -> list[Number]:
    return [
        Number(
            title=line.title,
            count=sum(counts[measure] for measure in line.measures),
            link=list_of("messages_app.message", sight, **{**narrowed, **line.narrowed}),
        )
        for line in LINES
    ]


def _funnel(counts: Mapping[str, int]) -> list[Stage]:
    """Opened and clicked only where there is any such thing; not every channel tells."""
    first = counts[FUNNEL[0]]
    stages = list(FUNNEL[:3])
    stages += [stage for stage in FUNNEL[3:] if counts[stage]]
    return [
        Stage(
            title=stage.label,
            count=counts[stage],
            share=min(100, round(100 * counts[stage] / first)) if first else 0,
        )
        for stage in stages
    ]


def _series(figures: Figures, channel: str, line: Line) -> list[int]:
    nothing = [0] * len(figures.points)
    parts = [figures.by_time.get((channel, measure), nothing) for measure in line.measures]
    return [sum(numbers) for numbers in zip(*parts, strict=True)]


def _chart(points: Sequence[str], series: Sequence[Sequence[int]]) -> str:
    return json.dumps(
        {
            "labels": points,
            "datasets": [
                {
                    "label": line.title,
                    "data": numbers,
                    "borderColor": line.colour,
                    "backgroundColor": line.colour,
                    "borderDash": line.dash,
                    "displayYAxis": True,
                    "maxTicksXLimit": 8,
                }
                for line, numbers in zip(LINES, series, strict=True)
            ],
        }
    )
