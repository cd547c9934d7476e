"""Users, divided into segments by what the filters of gateways ask for.

Pure, as routing is, and about users with one value of each property or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateways.routing import normal, texts_of
from gateways.values import GatewayValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Values of one property that make no difference to each other: those listed. Where none is
    listed, any but `other_than`, and no value at all."""

    filter_property: str
    values: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        if self.values:
            return ", ".join(self.values)
        return "any other value" if self.other_than else "any value"


Segment: TypeAlias = tuple[Condition, ...]
"""The users of whom all of the conditions hold."""

Divided: TypeAlias = tuple[tuple[Segment, frozenset[int]], ...]
"""Segments, and the ids of the gateways whose filters match in each."""

Asked: TypeAlias = Mapping[int, Mapping[str, frozenset[str]]]
"""By gateway id and property: the values that its filter takes, in their normal form."""


def segments(gateways: Sequence[GatewayValues]) -> tuple[Segment, ...]:
    """Every user is in exactly one of them, and what makes no difference is not told apart."""
    spelt: dict[str, dict[str, str]] = {}
    asked: dict[int, dict[str, frozenset[str]]] = {gateway.id: {} for gateway in gateways}
    for gateway in gateways:
        for name, values in gateway.filters.items():
            texts = {normal(text): text.strip() for text in texts_of(values)}
            if texts:
                asked[gateway.id][name] = frozenset(texts)
                for value, text in texts.items():
                    spelt.setdefault(name, {}).setdefault(value, text)
    divided = _divided(sorted(spelt.items()), asked, frozenset(asked))
    return tuple(segment for segment, _ in divided)


def sample(segment: Segment) -> dict[str, str]:
    """The properties of one user of this segment."""
    return {
        condition.filter_property: condition.values[0] for condition in segment if condition.values
    }


def _divided(
    properties: Sequence[tuple[str, Mapping[str, str]]], asked: Asked, among: frozenset[int]
) -> Divided:
    """Divides by the first property, each part by the others; parts that come out alike are one."""
    if not properties:
        return (((), among),)
    (name, spelt), *others = properties
    by_match: dict[frozenset[int], list[str | None]] = {}
    for value in (*spelt, None):
        by_match.setdefault(_matching(asked, name, value, among), []).append(value)
    alike: dict[Divided, list[str | None]] = {}
    for matching, values in by_match.items():
        alike.setdefault(_divided(others, asked, matching), []).extend(values)
    return tuple(
        ((_condition(name, spelt, values), *rest), matching)
        for parts, values in alike.items()
        for rest, matching in parts
    )


def _matching(asked: Asked, name: str, value: str | None, among: frozenset[int]) -> frozenset[int]:
    """Those of the gateways that take this value of the property; None: another, or none."""
    return frozenset(row for row in among if name not in asked[row] or value in asked[row][name])


def _condition(name: str, spelt: Mapping[str, str], values: Sequence[str | None]) -> Condition:
    if None not in values:
        listed = tuple(spelt[value] for value in values if value is not None)
        return Condition(filter_property=name, values=listed)
    others = tuple(text for value, text in spelt.items() if value not in values)
    return Condition(filter_property=name, other_than=others)
