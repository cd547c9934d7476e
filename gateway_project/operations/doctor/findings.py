"""What a check of the go-live list came to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """How it stands. Grey speaks neither for nor against."""

    GREEN = "green"
    GREY = "grey"
    YELLOW = "yellow"
    RED = "red"


WORDS = {
    State.GREEN: "Good",
    State.GREY: "Note",
    State.YELLOW: "Attention",
    State.RED: "Problem",
}
"""For those who do not see colours."""
BY_WEIGHT = tuple(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line. It holds no address, no secret and no URL; red and yellow say what to do.

    `listed` is the path of a page of the back office that lists what it is about.
    """

    subject: str
    name: str
    state: State
    text: str
    what_to_do: str = ""
    listed: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.state]


def worst(findings: Iterable[Finding]) -> State:
    """The weightiest state among them; green where there is none."""
    return max((finding.state for finding in findings), key=BY_WEIGHT.index, default=State.GREEN)


def at_most_yellow(finding: Finding) -> Finding:
    """The same, where what is wrong does no harm yet."""
    return replace(finding, state=State.YELLOW) if finding.state == State.RED else finding


@dataclass(frozen=True, slots=True)
class About:
    """Makes the findings about one subject."""

    subject: str

    def good(self, name: str, text: str) -> Finding:
        return Finding(subject=self.subject, name=name, state=State.GREEN, text=text)

    def note(self, name: str, text: str) -> Finding:
        return Finding(subject=self.subject, name=name, state=State.GREY, text=text)

    def attention(self, name: str, text: str, what_to_do: str) -> Finding:
        return Finding(
            subject=self.subject,
            name=name,
            state=State.YELLOW,
            text=text,
            what_to_do=what_to_do,
        )

    def problem(self, name: str, text: str, what_to_do: str) -> Finding:
        return Finding(
            subject=self.subject, name=name, state=State.RED, text=text, what_to_do=what_to_do
        )


def whatever_happens(
    about: About, checks: Iterable[Callable[[], Iterable[Finding]]]
) -> Iterator[Finding]:
    """The findings of all checks. One that breaks is a finding, too, and stops no other."""
    for check in checks:
        try:
            yield from list(check())
        except Exception as error:  # noqa: BLE001  a doctor who faints helps nobody
            yield about.problem(
                "The check itself",
                f"broke off: {type(error).__name__}",
                "Look into the log, and whether the database is there and migrated.",
            )
