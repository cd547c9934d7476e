"""How each gateway does, and what waits there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from gateway_project.back_office.dashboard.latency import in_words
from gateway_project.back_office.dashboard.links import list_of
from gateway_project.back_office.dashboard.reading import Figures
from gateway_project.back_office.dashboard.sight import Sight
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from messages_app.models import Measure, Message, State

MOST_LISTED = 50
TRIES = (Measure.TRY_TAKEN, Measure.TRY_REJECTED, Measure.TRY_BROKEN, Measure.TRY_UNKNOWN)
ERRORS = (Measure.TRY_BROKEN, Measure.TRY_UNKNOWN)
"""The gateway's own; a rejection is the provider's word on one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """`errors` and `rejected` are in percent of the tries, None where there was none."""

    name: str
    channel: str
    is_paused: bool
    tries: int
    errors: float | None
    rejected: float | None
    waits: float
    """For how many seconds its oldest queued message has been due."""
    link: str
    queue: str

    @property
    def waits_for(self) -> str:
        return in_words(self.waits) if self.waits else "-"


def gateway_rows(figures: Figures, sight: Sight, now: datetime) -> list[GatewayRow]:
    """Active gateways and those with something waiting, the most erroneous first."""
    counts = figures.sums(lambda total: (total.gateway_id, total.measure), *TRIES)
    rows = [_row(gateway, counts, figures, sight, now) for gateway in _gateways(sight)]
    rows.sort(key=lambda row: (-(row.errors or 0), -row.waits, -row.tries, row.name))
    return rows[:MOST_LISTED]


def oldest(rows: list[GatewayRow]) -> GatewayRow | None:
    """The one whose message has waited longest."""
    return max((row for row in rows if row.waits), key=lambda row: row.waits, default=None)


def _gateways(sight: Sight) -> list[dict[str, Any]]:
    """One statement, which looks at one end of an index for each gateway."""
    queue = Message.objects.filter(gateway=OuterRef("pk"), state=State.QUEUED).order_by("due_at")
    gateways = Gateway.objects.filter(is_draft=False, **sight.of("label_id"))
    rows = gateways.annotate(oldest_due=Subquery(queue.values("due_at")[:1]))
    columns = ("pk", "name", "channel", "is_active", "is_paused", "oldest_due")
    return [row for row in rows.values(*columns) if row["is_active"] or row["oldest_due"]]


def _row(
    gateway: Mapping[str, Any],
    counts: Mapping[Any, int],
    figures: Figures,
    sight: Sight,
    now: datetime,
) -> GatewayRow:
    pk, due_at = gateway["pk"], gateway["oldest_due"]
    tries = sum(counts[pk, measure] for measure in TRIES)
    errors = sum(counts[pk, measure] for measure in ERRORS)
    narrowed = {"gateway__id__exact": str(pk)}
    return GatewayRow(
        name=gateway["name"],
        channel=Channel(gateway["channel"]).label,
        is_paused=gateway["is_paused"],
        tries=tries,
        errors=100 * errors / tries if tries else None,
        rejected=100 * counts[pk, Measure.TRY_REJECTED] / tries if tries else None,
        waits=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        link=list_of("messages_app.message", sight, **narrowed, **figures.narrowed),
        queue=list_of("messages_app.message", sight, **narrowed, state__exact=State.QUEUED),
    )
