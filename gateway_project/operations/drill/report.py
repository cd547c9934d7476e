"""What is told of a drill: a table for people, JSON for machines."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import connection
from rich.console import Console
from rich.table import Table

from gateway_project.operations.drill.ledger import HAS_TO_BE_NONE
from gateway_project.operations.drill.play import Outcome

TOO_SLOW = "Too slow a machine, nothing proven"
FULL = "The database server itself had no connection for a worker"
STARVED = "The drill itself, and its wires, had no processor for"
MIXED = "Not of one state of the code, which was written meanwhile:"
STANDINGS = ("accepted", "sent", "rejected", "failed", "held", "queued", "unknown")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Names that stay, for whoever reads it by a program."""
    return {
        "seed": outcome.plan.seed,
        "passed": outcome.has_passed,
        "too_slow": outcome.is_too_slow,
        "database": connection.vendor,
        "broker": settings.BROKER_URL.partition(":")[0] or "none",
        "seconds": round(outcome.seconds, 1),
        "faults": dict(sorted(outcome.played.items())),
        "effects": dict(sorted(outcome.effects.items())),
        "missed": dict(sorted(outcome.missed.items())),
        "left_out": dict(outcome.left_out),
        "posted": outcome.posted,
        "posted_again": outcome.broken,
        "refused": dict(outcome.refused),
        "ended": list(outcome.ended),
        "turned_away": outcome.turned_away,
        "stood_still": round(outcome.stood_still, 1),
        "changed": list(outcome.changed),
        "settled": outcome.is_settled,
        **asdict(outcome.findings),
    }


def show(console: Console, outcome: Outcome) -> None:
    """What was played, where the messages are, and whether anything fell short."""
    console.print(_faults(outcome))
    console.print(_standings(outcome))
    console.print(_shortfalls(outcome))
    for refusal, count in outcome.refused.items():
        console.print(f"{count} messages were refused: {refusal}", style="red")
    for name in outcome.ended:
        console.print(f"{name} ended without having been killed", style="red")
    if outcome.turned_away:
        console.print(f"{FULL} {outcome.turned_away} times", style="yellow")
    if outcome.stood_still >= 1:
        console.print(f"{STARVED} {outcome.stood_still:.0f} seconds", style="yellow")
    if outcome.changed:
        console.print(f"{MIXED} {', '.join(outcome.changed)}", style="yellow")
    if not outcome.is_settled:
        console.print("Not everything was settled when the time was over", style="red")
    if untried := len(outcome.out_of_time):
        console.print(f"No time was left for {untried} faults: see --minutes", style="yellow")
    end = f"seed {outcome.plan.seed}, {outcome.seconds:.0f} s"
    console.print(f"{verdict(outcome)}: {end}", style="bold")


def verdict(outcome: Outcome) -> str:
    """In a few words."""
    if not outcome.is_clean:
        return "Something fell short"
    return TOO_SLOW if outcome.is_too_slow else "Nothing lost, nothing twice"


def _faults(outcome: Outcome) -> Table:
    table = Table("fault", "played", "effect")
    for name, count in sorted(outcome.played.items()):
        table.add_row(name, str(count), str(outcome.effects[name]))
    for name, reason in outcome.left_out.items():
        style = "bold red" if name in outcome.never_played else "dim"
        table.add_row(name, f"left out: {reason}", style=style)
    return table


def _standings(outcome: Outcome) -> Table:
    findings = outcome.findings
    table = Table(*STANDINGS)
    table.add_row(*(str(getattr(findings, name)) for name in STANDINGS))
    table.caption = (
        f"failed: {findings.expired} expired, {findings.erased} erased among them; "
        f"{findings.told_again} statuses told again since the answer did not arrive"
    )
    return table


def _shortfalls(outcome: Outcome) -> Table:
    table = Table("has to be 0", "is", "counts")
    for name, meaning in HAS_TO_BE_NONE.items():
        count = getattr(outcome.findings, name)
        table.add_row(name, str(count), meaning, style="bold red" if count else "")
    return table
