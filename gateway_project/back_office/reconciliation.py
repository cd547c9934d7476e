"""A page of days: what was learnt here, and what Smartico has acknowledged of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from callbacks.models import Settlement, Standing
from callbacks.reconciling.booking import Line, day_of
from callbacks.reconciling.reading import Balance, read, together
from gateway_project.back_office.dashboard.links import list_of
from gateway_project.back_office.dashboard.sight import Sight, sight_of
from gateway_project.back_office.page import Page
from gateway_project.lib.clock import database_now
from gateway_project.lib.spreadsheets import as_csv
from gateway_project.lib.vocabulary import Channel
from gateways.models import Label

SHOWN = timedelta(days=30)
COLUMNS = (
    *("day", "label", "channel", "status", "learnt", "to_be_reported"),
    *(*Standing.values, "difference"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table. `share` is what is acknowledged of it, in percent, never rounded up."""

    title: str
    note: str
    link: str
    balance: Balance

    @property
    def share(self) -> int:
        all_of_it = self.balance.to_be_reported
        return 100 * self.acknowledged // all_of_it if all_of_it else 100

    @property
    def acknowledged(self) -> int:
        return self.balance.of(Standing.ACKNOWLEDGED)

    @property
    def owed(self) -> int:
        return self.balance.of(Standing.OWED)

    @property
    def mismatch(self) -> int:
        return self.balance.of(Standing.MISMATCH)

    @property
    def dead(self) -> int:
        return self.balance.of(Standing.DEAD)

    @property
    def unwanted(self) -> int:
        return self.balance.of(Standing.UNWANTED)

    @property
    def quiet(self) -> int:
        return self.balance.of(Standing.QUIET)


class Reconciliation(Page):
    path = "reconciliation/"
    name = "reconciliation"
    title = "Reconciliation"
    permission = "callbacks.view_callbackdelivery"
    template_name = "admin/reconciliation/page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sight, today = self.sight(), day_of(database_now())
        balances = read(_label_ids(sight), today - SHOWN, today)
        by_day = _by(balances, lambda line: line.day)
        chosen = next((day for day in by_day if str(day) == request.GET.get("day")), None)
        return self.show(
            sight=sight,
            labels=self.switches(sight),
            days=[
                _of_day(day, by_day[day], self.here(sight, day), today)
                for day in sorted(by_day, reverse=True)
            ],
            chosen=chosen,
            lines=list(_lines(chosen, balances)),
            suspended=_suspended(sight),
            lists={
                str(each): list_of(
                    "callbacks.callbackdelivery", sight, settlement__exact=str(each.value)
                )
                for each in Settlement
            },
            export=f"{reverse('admin:reconciliation_export')}{self.here(sight)}",
        )

    def sight(self) -> Sight:
        return sight_of(self.request.user, self.request.GET.get("label", ""))

    def switches(self, sight: Sight) -> list[tuple[str, str, bool]]:
        """Links to each label's own days: name, address, whether it is the present one."""
        if len(sight.labels) < 2:
            return []
        every = [("All labels", "?", sight.chosen is None)]
        return every + [
            (name, f"?label={pk}", pk == sight.chosen) for pk, name in sight.labels.items()
        ]

    def here(self, sight: Sight, day: date | None = None) -> str:
        chosen = {"label": sight.chosen, "day": day}
        given = {name: str(value) for name, value in chosen.items() if value}
        return f"?{urlencode(given)}"


class ReconciliationExport(Reconciliation):
    """The same days as CSV, line by line."""

    path = "reconciliation/export/"
    name = "reconciliation_export"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sight, today = self.sight(), day_of(database_now())
        balances = read(_label_ids(sight), today - SHOWN, today)
        lines = "".join(as_csv(_exported(balances, _slugs(sight))))
        answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="reconciliation-{today}.csv"'
        return answer


def _label_ids(sight: Sight) -> list[int]:
    return list(sight.labels if sight.chosen is None else [sight.chosen])


def _slugs(sight: Sight) -> dict[int, str]:
    return dict(Label.objects.filter(pk__in=sight.labels).values_list("pk", "slug"))


def _by(balances: Mapping[Line, Balance], key: Callable[[Line], Any]) -> dict[Any, list[Balance]]:
    found: defaultdict[Any, list[Balance]] = defaultdict(list)
    for line, balance in balances.items():
        found[key(line)].append(balance)
    return found


def _of_day(day: date, balances: Iterable[Balance], link: str, today: date) -> Row:
    return Row(
        title=str(day),
        note="not over yet" if day == today else "",
        link=link,
        balance=together(balances),
    )


def _lines(day: date | None, balances: Mapping[Line, Balance]) -> Iterator[Row]:
    """The chosen day, channel by channel and status by status."""
    of_the_day = {line: balance for line, balance in balances.items() if line.day == day}
    by_kind = _by(of_the_day, lambda line: (line.channel, line.status))
    for channel, status in sorted(by_kind):
        yield Row(
            title=status,
            note=Channel(channel).label,
            link="",
            balance=together(by_kind[channel, status]),
        )


def _suspended(sight: Sight) -> list[Label]:
    labels = Label.objects.filter(pk__in=_label_ids(sight))
    return list(labels.exclude(callbacks_suspended_at=None).order_by("name"))


def _exported(
    balances: Mapping[Line, Balance], slugs: Mapping[int, str]
) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for line, balance in balances.items():
        yield (
            *(line.day, slugs.get(line.label_id, ""), line.channel, line.status),
            *(balance.learnt, balance.to_be_reported),
            *(*(balance.of(standing) for standing in Standing), balance.difference),
        )
