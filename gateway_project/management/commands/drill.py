"""`drill`: faults on purpose, and the proof that nothing was lost or sent twice."""

import asyncio
import json
import os
import secrets
import signal
import time
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from gateway_project.operations.drill.house import House, surroundings
from gateway_project.operations.drill.plan import Plan
from gateway_project.operations.drill.play import Outcome, perform
from gateway_project.operations.drill.report import as_json, show, verdict
from gateway_project.operations.drill.stage import NotReady
from gateway_project.operations.processes import manage

USUAL_MINUTES = 5.0

HELP = """Kills and cuts what the gateway consists of while messages run, in a house of its own: a
schema of the configured database, or a SQLite file. Fails when the ledgers do not agree."""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []  # the house of the drill has keys of its own

    def add_arguments(self, parser: CommandParser) -> None:
        length = parser.add_mutually_exclusive_group()
        length.add_argument("--quick", action="store_true", help="Each fault once, in a minute.")
        length.add_argument("--minutes", type=float, help=f"Of faults. Default: {USUAL_MINUTES:g}.")
        parser.add_argument("--seed", type=int, help="Default: a new one, which is printed.")
        parser.add_argument("--report", type=Path, metavar="FILE", help="Write JSON there as well.")
        parser.add_argument("--began", type=float, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["began"] is None:
            move_in(options)
        plan = Plan(
            seed=options["seed"],
            began=options["began"],
            minutes=None if options["quick"] else options["minutes"],
        )
        console = Console()
        console.print(f"Drill with seed {plan.seed}", highlight=False)
        outcome = run(plan, console)
        show(console, outcome)
        if options["report"]:
            options["report"].write_text(json.dumps(as_json(outcome), indent=2) + "\n")
        if not outcome.has_passed:
            raise CommandError(f"{verdict(outcome)}.")


def move_in(options: dict[str, Any]) -> None:
    """Makes this process one that lives in a house of the drill's; does not return."""
    seed = secrets.randbelow(10**6) if options["seed"] is None else options["seed"]
    minutes = options["minutes"] or USUAL_MINUTES
    length = ["--quick"] if options["quick"] else ["--minutes", str(minutes)]
    report = ["--report", str(options["report"].resolve())] if options["report"] else []
    began = ["--began", str(time.monotonic())]
    command = manage("drill", *length, "--seed", str(seed), *report, *began)
    is_quick = bool(options["quick"])
    plan = Plan(seed=seed, began=0.0, minutes=None if is_quick else minutes)
    os.execve(command[0], command, surroundings(plan.lease_seconds))  # noqa: S606  our own command


def run(plan: Plan, console: Console) -> Outcome:
    """The drill, and the house torn down behind it; its log stays where something fell short."""
    house, keeps_log = House(), True
    try:
        outcome = asyncio.run(_until_told_to_stop(plan, console))
        keeps_log = not outcome.has_passed
    except NotReady as problem:
        raise CommandError(f"{problem}: see {house.log}") from None
    except asyncio.CancelledError:
        keeps_log = False
        raise CommandError("Stopped.") from None
    finally:
        house.tear_down(keeps_log=keeps_log)
    if keeps_log:
        console.print(f"What the processes wrote: {house.log}", highlight=False)
    return outcome


async def _until_told_to_stop(plan: Plan, console: Console) -> Outcome:
    def tell(news: str) -> None:
        console.print(f"{time.monotonic() - plan.began:5.1f} s  {news}", highlight=False)

    playing = asyncio.create_task(perform(plan, tell))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    return await playing
