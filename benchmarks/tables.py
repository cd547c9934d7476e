"""The report as Markdown: the goals, and what each trial measured and used."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GOALS = ("what", "unit", "ours", "reference", "ratio", "goal", "met")
MET = {True: "yes", False: "no", None: "not run"}


def markdown(report: Mapping[str, Any]) -> str:
    rows = report["rows"]
    parts = [
        "# Benchmarks",
        f"{report['machine']}. {report['rounds']} rounds of {report['seconds']:g} s, medians.",
        _tally(rows),
        _table(GOALS, [_goal(row) for row in rows]),
        _notes(rows),
        "## Measures",
        "Median (least to most) of the rounds. `cpu` is in cores, and `cpu_ms` that for each "
        "message; of `postgres` for the whole server. `rss_mb` counts shared pages in each "
        "process, `pss_mb` once.",
        *(_scenario(each) for each in report["scenarios"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tally(rows: Sequence[Mapping[str, Any]]) -> str:
    goals = [row for row in rows if row["goal"]]
    counts = {word: sum(row["met"] is met for row in goals) for met, word in MET.items()}
    return f"Goals met: {counts['yes']}, not met: {counts['no']}, not run: {counts['not run']}."


def _goal(row: Mapping[str, Any]) -> tuple[str, ...]:
    figures = (number(row[name]) for name in ("ours", "reference"))
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    met = MET[row["met"]] if row["goal"] else ""
    return (row["name"], row["unit"], *figures, ratio, row["goal"], met)


def _notes(rows: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(f"- {row['name']}: {row['note']}" for row in rows if row["note"])


def _scenario(told: Mapping[str, Any]) -> str:
    lines = [
        (trial, measure, _spread(figures))
        for trial, measures in told["trials"].items()
        for measure, figures in measures.items()
    ]
    return f"### {told['title']}\n\n{_table(('trial', 'measure', 'figures'), lines)}"


def _spread(figures: Mapping[str, float]) -> str:
    median, least, most = (number(figures[name]) for name in ("median", "least", "most"))
    return f"{median} ({least} to {most})"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
