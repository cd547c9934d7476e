"""The words of a run: a scenario is played by several trials, and its goals compare them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.bench import Bench

Figures = Mapping[str, float]
"""What one trial measured, by the name of the measure: `rate`, `p99_ms`, `web.cpu` ..."""

OURS, USUAL, KANNEL, APPRISE = "ours", "usual", "kannel", "apprise"


def always(bench: Bench) -> str:
    """Why a trial cannot be made here: for no reason."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One who plays a scenario. `missing` says why it cannot here; empty where it can."""

    name: str
    measure: Callable[[Bench], Figures]
    missing: Callable[[Bench], str] = always


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A floor or a ceiling, or neither: for ours beside `than`, or, where that is None, for the
    measure itself.

    `of` and `than` name a trial, `measure` the figure of it, in the scenario's unit unless another
    is named. `note` is told beside it, `why` where it is missed.
    """

    name: str
    measure: str = "rate"
    of: str = OURS
    than: str | None = USUAL
    least: float | None = None
    most: float | None = None
    unit: str = ""
    note: str = ""
    why: str = ""

    def __str__(self) -> str:
        if self.least is None and self.most is None:
            return ""
        bound = f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"
        return f"{bound} x" if self.than else bound

    def is_met(self, value: float) -> bool | None:
        """None where there is no bound: it is only told."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def missed_by(self, value: float) -> float:
        """As a share of the bound that is not kept; 0 where each is."""
        short = 0.0 if self.least is None else (self.least - value) / self.least
        over = 0.0 if self.most is None else (value - self.most) / self.most
        return max(short, over, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`unit` is that of its rates. A full run alone plays those that are not `is_quick`."""

    name: str
    title: str
    trials: tuple[Trial, ...]
    goals: tuple[Goal, ...]
    unit: str = "messages/s"
    is_quick: bool = True
