"""The causes of alerts, as they stand in the database at this moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.operations.doctor.ages import length
from gateway_project.operations.lateness import TOO_LATE
from gateway_project.operations.queues import lines
from gateways import configuration
from gateways.models import AlertKind, Gateway, Label
from messages_app.models import Message, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Two with the same key are the same one. `reason` is scrubbed."""

    label_id: int
    kind: AlertKind
    subject: str = ""
    reason: str = ""

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
        )


def _why(gateway: Gateway) -> AlertKind:
    if not gateway.is_paused:
        return AlertKind.NO_ANSWER
    return AlertKind.BLAST_GUARD if gateway.is_held_by_guard else AlertKind.GATEWAY_PAUSED


def _suspended(_now: datetime) -> Iterator[Cause]:
    rows = Label.objects.filter(callbacks_suspended_at__isnull=False).order_by("pk")
    for label_id, because in rows.values_list("pk", "callbacks_suspended_because"):
        yield Cause(label_id=label_id, kind=AlertKind.CALLBACKS_SUSPENDED, reason=because)


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
        yield Cause(
            label_id=label_id, kind=UNHEARD[Settlement(settlement)], reason=f"{count} by now"
        )


def _unknown(_now: datetime) -> Iterator[Cause]:
    rows = Message.objects.filter(state=State.UNKNOWN).order_by()
    for label_id, count in rows.values_list("label_id").annotate(count=Count("*")):
        yield Cause(label_id=label_id, kind=AlertKind.UNKNOWN_OUTCOMES, reason=f"{count} by now")


LATE = {"send": AlertKind.MESSAGES_LATE, "report": AlertKind.CALLBACKS_LATE}


def _late(now: datetime) -> Iterator[Cause]:
    """One for a label, whatever the number of its gateways: mostly no worker is running."""
    ids = {label.slug: label.id for label in configuration.current().labels.values()}
    found: dict[tuple[str, str], timedelta] = {}
    for line in lines():
        if line.queue in LATE and line.may_leave and line.oldest and line.label in ids:
            key = line.queue, line.label
            found[key] = max(now - line.oldest, found.get(key, timedelta()))
    for (queue, label), late in found.items():
        if late > TOO_LATE:
            reason = f"the oldest is {length(late)} late"
            yield Cause(label_id=ids[label], kind=LATE[queue], reason=reason)


FINDERS: tuple[Callable[[datetime], Iterable[Cause]], ...] = (
    *(_gateways, _suspended, _opt_outs),
    *(_unheard, _unknown, _late),
)
