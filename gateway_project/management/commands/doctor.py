"""`doctor`: the go-live check list."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway_project.operations.doctor.calls import call_out
from gateway_project.operations.doctor.examination import Report, examine, examine_house
from gateway_project.operations.doctor.findings import State
from gateways.models import Label

SIGNS = {
    State.GREEN: "[green]\N{CHECK MARK} {}[/]",
    State.GREY: "[dim]\N{MIDDLE DOT} {}[/]",
    State.YELLOW: "[yellow]! {}[/]",
    State.RED: "[bold red]\N{MULTIPLICATION SIGN} {}[/]",
}


class Command(BaseCommand):
    help = "Checks what it takes to go live, and says what to do. Fails when something is red."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", metavar="SLUG", help="This label only. Default: all.")
        parser.add_argument(
            "--no-calls", action="store_true", help="Ask no provider and no Smartico."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        reports = [examine_house()]
        show(console, reports[0])
        for label in chosen_labels(options["label"]):
            if not options["no_calls"]:
                with console.status(f"Asking the providers of {label.name}, and Smartico ..."):
                    call_out(label)
            reports.append(examine(label))
            show(console, reports[-1])
        problems = sum(report.counts[State.RED] for report in reports)
        if problems:
            raise CommandError(f"{problems} problems.")
        console.print("No problem was found.")


def chosen_labels(slug: str | None) -> list[Label]:
    """The label of that slug, or all; none where the database cannot tell."""
    try:
        labels = list(Label.objects.filter(**{"slug": slug} if slug else {}).order_by("pk"))
    except Error:
        return []
    if slug and not labels:
        raise CommandError(f"There is no label {slug}.")
    return labels


def show(console: Console, report: Report) -> None:
    heads = ("", "what", "found", "what to do")
    table = Table(*heads, title=escape(report.title), title_justify="left")
    for group in report.groups:
        table.add_section()
        table.add_row("", f"[bold]{escape(group.subject)}[/]")
        for finding in group.findings:
            sign = SIGNS[finding.state].format(finding.word)
            words = (finding.name, finding.text, finding.what_to_do)
            table.add_row(sign, *map(escape, words))
    console.print(table)
