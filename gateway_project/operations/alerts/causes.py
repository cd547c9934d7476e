"""The causes of alerts, as they stand in the database at this moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.operations.doctor.ages import length
from gateway_project.operations.lateness import TOO_LATE, standing_callbacks, standing_messages
from gateways.models import AlertKind, Gateway, Label
from messages_app.models import Message, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Two with the same key are the same one. `reason` is scrubbed; `count` is of what is counted,
    and stays until a person has acted; `since` is when it came, where that is written down."""

    label_id: int
    kind: AlertKind
    subject: str = ""
    reason: str = ""
    count: int = 0
    since: datetime | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        return self.label_id, str(self.kind), self.subject


def causes(now: datetime) -> list[Cause]:
    """All there are."""
    return [cause for find in FINDERS for cause in find(now)]


def _gateways(_now: datetime) -> Iterator[Cause]:
    """Those that were paused by the house: who pauses one by hand knows it."""
    at_fault = Q(is_paused=True) & ~Q(paused_because="")
    broken = Q(is_paused=False, breaker__opened_at__isnull=False)
    rows = Gateway.objects.filter(at_fault | broken, is_active=True).order_by("pk")
    for row in rows.select_related("breaker").defer("config"):
        yield Cause(
            label_id=row.label_id,
            kind=_why(row),
            subject=row.slug,
            reason=row.paused_because if row.is_paused else row.breaker.reason,
            since=row.paused_at,
        )


def _why(gateway: Gateway) -> AlertKind:
    if not gateway.is_paused:
        return AlertKind.NO_ANSWER
    return AlertKind.BLAST_GUARD if gateway.is_held_by_guard else AlertKind.GATEWAY_PAUSED


def _suspended(_now: datetime) -> Iterator[Cause]:
    rows = Label.objects.filter(callbacks_suspended_at__isnull=False).order_by("pk")
    columns = ("pk", "callbacks_suspended_because", "callbacks_suspended_at")
    for label_id, because, at in rows.values_list(*columns):
        kind = AlertKind.CALLBACKS_SUSPENDED
        yield Cause(label_id=label_id, kind=kind, reason=because, since=at)


def _opt_outs(_now: datetime) -> Iterator[Cause]:
    rows = Label.objects.order_by("pk")
    for label_id, suspended in rows.values_list("pk", "opt_outs_suspended"):
        for listener, because in suspended.items():
            yield Cause(
                label_id=label_id,
                kind=AlertKind.OPT_OUTS_SUSPENDED,
                subject=listener,
                reason=because,
            )


UNHEARD = {
    Settlement.DEAD: AlertKind.CALLBACKS_DEAD,
    Settlement.MISMATCH: AlertKind.CALLBACKS_MISMATCH,
}


def _unheard(_now: datetime) -> Iterator[Cause]:
    rows = CallbackDelivery.objects.filter(settlement__in=UNHEARD).order_by()
    counts = rows.values_list("label_id", "settlement").annotate(count=Count("*"))
    for label_id, settlement, count in counts:
        yield _counted(label_id, UNHEARD[Settlement(settlement)], count)


def _unknown(_now: datetime) -> Iterator[Cause]:
    rows = Message.objects.filter(state=State.UNKNOWN).order_by()
    for label_id, count in rows.values_list("label_id").annotate(count=Count("*")):
        yield _counted(label_id, AlertKind.UNKNOWN_OUTCOMES, count)


def _counted(label_id: int, kind: AlertKind, count: int) -> Cause:
    return Cause(label_id=label_id, kind=kind, reason=f"{count} by now", count=count)


LATE = {"send": AlertKind.MESSAGES_LATE, "report": AlertKind.CALLBACKS_LATE}


def _late(now: datetime) -> Iterator[Cause]:
    """One for a label, whatever the number of its gateways: mostly no worker is running."""
    found: dict[tuple[int, AlertKind], timedelta] = {}
    for each in (*standing_messages(now), *standing_callbacks(now)):
        key = each.label_id, LATE[each.queue]
        found[key] = max(now - each.oldest, found.get(key, timedelta()))
    for (label_id, kind), late in found.items():
        if late > TOO_LATE:
            yield Cause(label_id=label_id, kind=kind, reason=f"the oldest is {length(late)} late")


FINDERS: tuple[Callable[[datetime], Iterable[Cause]], ...] = (
    *(_gateways, _suspended, _opt_outs),
    *(_unheard, _unknown, _late),
)
