"""The home page: how the house does, and what it needs."""

from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from gateway_project.back_office.dashboard.beginning import first_steps
from gateway_project.back_office.dashboard.gateways import gateway_rows
from gateway_project.back_office.dashboard.latency import latencies
from gateway_project.back_office.dashboard.needs import needs
from gateway_project.back_office.dashboard.period import DAY, PERIODS, Period
from gateway_project.back_office.dashboard.reading import read
from gateway_project.back_office.dashboard.refusals import refusals
from gateway_project.back_office.dashboard.sight import Sight, sight_of
from gateway_project.back_office.dashboard.traffic import channel_cards, numbers
from gateway_project.back_office.dashboard.waiting import waiting
from gateway_project.lib.clock import database_now

SEES_FIGURES = "messages_app.view_message"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the home page, for this person's labels and rights."""
    period = PERIODS.get(request.GET.get("range", ""), DAY)
    sight = sight_of(request.user, request.GET.get("label", ""))
    return context | {
        "title": "Dashboard",
        "switches": _switches(period, sight),
        "sight": sight,
        "period": period,
        "here": _here(period, sight.chosen),
        "needs": needs(sight, database_now()),
        **(_figures(period, sight) if sight.may(SEES_FIGURES) else {}),
    }


def _figures(period: Period, sight: Sight) -> dict[str, Any]:
    now = database_now()
    figures = read(sight, period, now)
    gateways = gateway_rows(figures, sight, now)
    return {
        "sees_figures": True,
        "first_steps": first_steps(sight),
        "numbers": numbers(figures, sight),
        "channels": channel_cards(figures, sight),
        "latencies": latencies(figures),
        "refusals": refusals(figures),
        "gateways": gateways,
        "waiting": waiting(sight, gateways, now),
        "counted_to": now,
    }


def _switches(period: Period, sight: Sight) -> dict[str, list[tuple[str, str, bool]]]:
    """Links to the other ranges and labels: title, address, whether it is the present one."""
    ranges = [(each.title, _here(each, sight.chosen), each == period) for each in PERIODS.values()]
    labels = [("All labels", _here(period, None), sight.chosen is None)]
    labels += [(name, _here(period, pk), pk == sight.chosen) for pk, name in sight.labels.items()]
    return {"ranges": ranges, "labels": labels if len(sight.labels) > 1 else []}


def _here(period: Period, label_id: int | None) -> str:
    chosen = {"range": period.key} | ({} if label_id is None else {"label": str(label_id)})
    return f"?{urlencode(chosen)}"
