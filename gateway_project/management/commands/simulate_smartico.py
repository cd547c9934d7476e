"""`simulate_smartico`: plays Smartico against a running gateway and checks what comes back."""

import asyncio
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.simulation import Book, Line, Plan, percentile, simulate

COLUMNS = ("accepted", "delivered", "missing", "twice", "wrong")


class Command(BaseCommand):
    help = "Posts on every channel and checks the callbacks. Fails on a gap, a repeat or a refusal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=50)
        parser.add_argument("--concurrency", type=int, default=16)
        parser.add_argument("--channel", action="append", choices=Channel.values)
        parser.add_argument("--url", help="Default: the running demo's.")
        parser.add_argument("--authorization", help="Default: the running demo's.")
        parser.add_argument("--api-key", help="The one callbacks must carry. Default: the demo's.")
        parser.add_argument("--users", nargs="+", help="ext_user_ids. Default: the demo's.")
        parser.add_argument("--callback-port", type=int, help="Default: the demo's.")
        parser.add_argument("--timeout", type=float, default=120.0, help="Seconds for callbacks.")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = make_plan(options)
        console = Console()
        try:
            book = asyncio.run(_with_progress(plan, console))
        except OSError as error:
            raise CommandError(
                f"Port {plan.callback_port} cannot be used: {error.strerror}"
            ) from None
        lines = book.lines()
        show(console, book, lines)
        if not all(line.is_clean for line in lines.values()):
            raise CommandError("Something is missing, refused, told twice or wrong.")


def make_plan(options: dict[str, Any]) -> Plan:
    """From the options, and what they leave open from the running demo's file."""
    path = settings.DATA_DIR / "demo.json"
    demo = json.loads(path.read_text()) if path.is_file() else {}

    def given(option: str, default: Any) -> Any:
        value = options[option] or default
        if not value:
            name = option.replace("_", "-")
            raise CommandError(f"--{name} is needed: no demo was found under {settings.DATA_DIR}")
        return value

    return Plan(
        url=given("url", demo.get("url")),
        authorization=given("authorization", demo.get("authorization")),
        api_key=given("api_key", demo.get("callback", {}).get("api_key")),
        users=given("users", demo.get("ext_user_ids")),
        callback_port=given("callback_port", demo.get("simulation_port", settings.PORT + 2)),
        channels=options["channel"] or Channel.values,
        count=options["count"],
        concurrency=options["concurrency"],
        timeout=options["timeout"],
    )


async def _with_progress(plan: Plan, console: Console) -> Book:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        answered = progress.add_task("answered", total=plan.count)
        delivered = progress.add_task("delivered", total=plan.count)

        def on_progress(book: Book) -> None:
            progress.update(answered, completed=len(book.answered))
            progress.update(delivered, completed=len(book.delivered))

        return await simulate(plan, on_progress)


def show(console: Console, book: Book, lines: dict[str, Line]) -> None:
    """The table by channel, what was refused, and the rates."""
    table = Table("channel", "posted", *COLUMNS)
    for channel, line in lines.items():
        counts = (line.posted, *(getattr(line, column) for column in COLUMNS))
        table.add_row(channel, *map(str, counts), style="" if line.is_clean else "bold red")
    console.print(table)
    for channel, line in lines.items():
        for refusal, count in line.refused.items():
            console.print(f"{channel}: {count} refused with {refusal}", style="red", markup=False)
    rate = len(book.delivered) / book.seconds if book.seconds else 0.0
    console.print(f"{len(book.delivered)} delivered in {book.seconds:.1f} s: {rate:.0f} per second")
    for title, seconds in (
        ("answer", book.accept_seconds()),
        ("answer to delivered", book.delivery_seconds()),
    ):
        half, most, nearly_all = (percentile(seconds, share) * 1000 for share in (0.5, 0.95, 0.99))
        console.print(f"{title}: p50 {half:.0f} ms, p95 {most:.0f} ms, p99 {nearly_all:.0f} ms")
