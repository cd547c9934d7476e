"""Plays scenarios: round by round, one trial after the other, so that all meet the same machine."""

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psycopg

from benchmarks.bench import Bench
from benchmarks.loading import Invalid
from benchmarks.services import DidNotStart
from benchmarks.trial import Figures, Scenario, Trial

TROUBLE = (Invalid, DidNotStart, psycopg.Error, subprocess.SubprocessError, OSError)
"""What costs a round, and not the run."""
TOLD = 200
"""How much of what went wrong stands in the report: the end, where reasons stand."""
Tell = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Played:
    """What came of a scenario: the figures of each trial's rounds, and why there are none."""

    scenario: Scenario
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def play(bench: Bench, scenarios: Iterable[Scenario], rounds: int, tell: Tell) -> list[Played]:
    return [_play(bench, scenario, rounds, tell) for scenario in scenarios]


def _play(bench: Bench, scenario: Scenario, rounds: int, tell: Tell) -> Played:
    played = Played(scenario=scenario)
    for trial in scenario.trials:
        if reason := trial.missing(bench):
            played.missing[trial.name] = reason
            tell(f"{scenario.name}, {trial.name}: not run, {reason}")
    for number in range(1, rounds + 1):
        for trial in scenario.trials:
            if trial.name not in played.missing:
                _measure(bench, played, trial, tell, number)
    return played


def _measure(bench: Bench, played: Played, trial: Trial, tell: Tell, number: int) -> None:
    """A round that does not count is told, and the trial is left out from then on."""
    where = f"{played.scenario.name}, {trial.name}, round {number}"
    try:
        figures = trial.measure(bench)
    except TROUBLE as problem:
        played.missing[trial.name] = f"invalid, {' '.join(str(problem).split())[-TOLD:]}"
        played.rounds.pop(trial.name, None)
        tell(f"{where}: {problem}")
        return
    played.rounds.setdefault(trial.name, []).append(figures)
    tell(f"{where}: " + ", ".join(f"{name} {value:,.2f}" for name, value in figures.items()))
