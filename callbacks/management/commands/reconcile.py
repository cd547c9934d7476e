"""Holds what is known here against what Smartico has acknowledged, for one day."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.models import Standing
from callbacks.reconciling.booking import Line
from callbacks.reconciling.reading import Balance, read, together
from gateways.models import Label

COLUMNS = ("label", "channel", "status", "learnt", "to_be_reported", *Standing.values, "difference")


class Command(BaseCommand):
    help = (
        "Says how many statuses were learnt on a day (UTC), and what became of them at Smartico. "
        "Exits with 1 where a day that is over lacks an acknowledgement."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", metavar="SLUG", help="only this label")
        parser.add_argument(
            "--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="yesterday if left out"
        )
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        today = datetime.now(UTC).date()
        day = options["day"] or today - timedelta(days=1)
        names = _names(options["label"])
        balances = read(names, day, day)
        rows = [_row(names[line.label_id], line, balance) for line, balance in balances.items()]
        total = together(balances.values())
        if options["json"]:
            self.stdout.write(json.dumps({"day": str(day), "rows": rows, **_figures(total)}))
        else:
            self._tell(rows, _row("all", None, total))
        if total.difference and day < today:
            raise SystemExit(1)

    def _tell(self, rows: list[dict[str, Any]], total: dict[str, Any]) -> None:
        table = [dict.fromkeys(COLUMNS) | {name: name for name in COLUMNS}, *rows, total]
        widths = {name: max(len(str(row[name])) for row in table) for name in COLUMNS}
        for row in table:
            cells = (str(row[name]).ljust(widths[name]) for name in COLUMNS)
            self.stdout.write("  ".join(cells).rstrip())


def _names(slug: str | None) -> dict[int, str]:
    labels = Label.objects.filter(slug=slug) if slug else Label.objects.all()
    names = dict(labels.values_list("pk", "slug"))
    if slug and not names:
        raise CommandError(f"There is no label {slug!r}.")
    return names


def _row(label: str, line: Line | None, balance: Balance) -> dict[str, Any]:
    channel, status = (line.channel, line.status) if line else ("", "")
    return {"label": label, "channel": channel, "status": status, **_figures(balance)}


def _figures(balance: Balance) -> dict[str, int]:
    return {
        "learnt": balance.learnt,
        "to_be_reported": balance.to_be_reported,
        **{standing.value: balance.of(standing) for standing in Standing},
        "difference": balance.difference,
    }
