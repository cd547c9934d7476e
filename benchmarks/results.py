"""What came of a run: each goal with its figures, and all rounds behind them."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.playing import Played
from benchmarks.trial import Figures, Goal, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One goal. `ratio` is of two figures, or none where the goal is about the figure itself;
    `met` is None where it was not run."""

    name: str
    unit: str
    ours: float | None
    reference: float | None
    ratio: float | None
    goal: str
    met: bool | None
    note: str = ""


def rows(all_played: Iterable[Played]) -> list[Row]:
    return [_row(played, goal) for played in all_played for goal in played.scenario.goals]


def _row(played: Played, goal: Goal) -> Row:
    ours = _median(played, goal.of, goal.measure)
    reference = _median(played, goal.than, goal.measure) if goal.than else None
    ratio = ours / reference if ours is not None and reference else None
    value = ratio if goal.than else ours
    return Row(
        name=goal.name,
        unit=goal.unit or played.scenario.unit,
        ours=ours,
        reference=reference,
        ratio=ratio,
        goal=str(goal),
        met=None if value is None else goal.is_met(value),
        note=_note(played, goal, value),
    )


def _note(played: Played, goal: Goal, value: float | None) -> str:
    """Why it was not run, by how much it was missed, or what has to be known beside it."""
    reasons = [played.missing[name] for name in (goal.of, goal.than) if name in played.missing]
    if reasons:
        return f"not run: {'; '.join(reasons)}"
    if value is None or goal.is_met(value) is not False:
        return goal.note
    missed = f"missed by {goal.missed_by(value):.0%}"
    return ": ".join(filter(None, (missed, goal.why or goal.note)))


def _median(played: Played, trial: str, measure: str) -> float | None:
    values = _values(played.rounds.get(trial, []), measure)
    return statistics.median(values) if values else None


def _values(rounds: Sequence[Figures], measure: str) -> list[float]:
    return [figures[measure] for figures in rounds if measure in figures]


def spread(rounds: Sequence[Figures]) -> dict[str, dict[str, float]]:
    """Of each measure the median, the least and the most."""
    names = dict.fromkeys(name for figures in rounds for name in figures)
    found = {name: _values(rounds, name) for name in names}
    return {
        name: {"median": statistics.median(values), "least": min(values), "most": max(values)}
        for name, values in found.items()
    }


def document(machine: str, all_played: Sequence[Played], **about: object) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "machine": machine,
        **about,
        "rows": [asdict(row) for row in rows(all_played)],
        "scenarios": [_scenario(played) for played in all_played],
    }


def _scenario(played: Played) -> dict[str, Any]:
    scenario: Scenario = played.scenario
    return {
        "name": scenario.name,
        "title": scenario.title,
        "unit": scenario.unit,
        "missing": played.missing,
        "trials": {name: spread(rounds) for name, rounds in played.rounds.items()},
    }


def write(report: dict[str, Any], path: Path, markdown: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
    path.with_suffix(".md").write_text(markdown)
