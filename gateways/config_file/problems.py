"""What is wrong with a configuration file, and where. Never what was written there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.settings import api_settings

THE_FILE = "the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `place` is a path such as `labels[0].gateways[2].config.port`."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place or THE_FILE}: {self.text}"


class ConfigFileRefused(Exception):
    """A file that is not applied; `problems` are all that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def under(place: str, step: object) -> str:
    """The place of one key, or of one position of a list."""
    if isinstance(step, int):
        return f"{place}[{step}]"
    return f"{place}.{step}" if place else str(step)


def flattened(detail: Any, place: str = "") -> Iterator[Problem]:
    """The problems in the nested errors of a serializer."""
    if isinstance(detail, Mapping):
        for step, inner in detail.items():
            own = step == api_settings.NON_FIELD_ERRORS_KEY
            yield from flattened(inner, place if own else under(place, step))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for inner in detail:
            yield from flattened(inner, place)
    else:
        yield Problem(place=place, text=str(detail))
