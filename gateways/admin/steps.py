"""The steps of the wizard: which there are, which are done, and which may be opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateways.admin.screens import ACCESS, CONDITIONS, SENDERS, screens_of
from gateways.models import Gateway

CONFIRM = "confirm"

IS_FILLED_IN: Mapping[str, Callable[[Gateway], bool]] = {
    CONDITIONS.key: lambda draft: bool(draft.name),
    ACCESS.key: lambda draft: draft.config is not None,
    SENDERS.key: lambda draft: True,
}
"""Only what is valid is saved, so what is there is good. A "From" config may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`is_open`: all steps before it are filled in."""

    number: int
    key: str
    title: str
    is_open: bool


def steps_of(draft: Gateway) -> list[Step]:
    """The draft's screens and the confirmation, in their order."""
    titles = {screen.key: screen.title for screen in screens_of(draft)} | {CONFIRM: "Confirm"}
    steps: list[Step] = []
    is_open = True
    for number, (key, title) in enumerate(titles.items(), start=1):
        steps.append(Step(number=number, key=key, title=title, is_open=is_open))
        is_open = is_open and key != CONFIRM and IS_FILLED_IN[key](draft)
    return steps


def furthest(steps: list[Step]) -> Step:
    """The last one that may be opened."""
    return [step for step in steps if step.is_open][-1]
