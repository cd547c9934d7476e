"""Which alerts stand, and which of them the label's people are to be told of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_project.lib.transactions import writing
from gateway_project.operations.alerts.causes import Cause
from gateways.models import Alert, AlertKind, Label
from gateways.models.alert import REASON_LENGTH

APART = timedelta(hours=1)
"""Between two messages that the same cause is there again, or has grown."""
LEAST_GROWTH = 10
GROWTH_SHARE = 10
"""A tenth more than they were told is news, if it is as many as that."""
LASTS = {
    AlertKind.MESSAGES_LATE: timedelta(minutes=2),
    AlertKind.CALLBACKS_LATE: timedelta(minutes=2),
}
"""How long some have to stand before they are told: what was held and is released looks late until
the first has left."""
ONE_BY_ONE = frozenset(
    {
        *(AlertKind.GATEWAY_PAUSED, AlertKind.BLAST_GUARD),
        *(AlertKind.CALLBACKS_SUSPENDED, AlertKind.OPT_OUTS_SUSPENDED),
    }
)
"""Each stands until a person has acted, who believes that it is mended: the next one is another,
and is told at once."""
FORGOTTEN_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a label's people do not know yet."""

    label: Label
    begun: Sequence[Alert] = ()
    ended: Sequence[Alert] = ()


def note(found: Iterable[Cause], now: datetime) -> None:
    """Writes down what has begun and what has ended since the last look."""
    standing = {cause.key: cause for cause in found}
    with writing():
        rows = {_key(row): row for row in Alert.objects.select_for_update().order_by("pk")}
        for key, row in rows.items():
            if key not in standing and row.ended_at is None:
                _write(row, ended_at=now)
            elif key in standing:
                _go_on(row, standing[key], now)
        new = [_row(cause, now) for key, cause in standing.items() if key not in rows]
        Alert.objects.bulk_create(new, ignore_conflicts=True)
        Alert.objects.filter(is_told=False, ended_at__lt=now - FORGOTTEN_AFTER).delete()


def news(now: datetime) -> list[News]:
    """By label. What has ended before anybody was told of it is none."""
    rows = [row for row in Alert.objects.order_by("pk") if _is_news(row, now)]
    labels = Label.objects.in_bulk({row.label_id for row in rows})
    return [
        News(
            label=label,
            begun=[row for row in rows if row.label_id == pk and row.ended_at is None],
            ended=[row for row in rows if row.label_id == pk and row.ended_at is not None],
        )
        for pk, label in labels.items()
    ]


def note_told(told: News, now: datetime) -> None:
    """They know it now. What has begun or ended meanwhile is told the next time."""
    with writing():
        for row in told.begun:
            same = Alert.objects.filter(pk=row.pk, began_at=row.began_at)
            same.update(is_told=True, told_at=now, told_count=row.count)
        Alert.objects.filter(pk__in=[row.pk for row in told.ended]).update(is_told=False)


def has_grown(row: Alert) -> bool:
    """Whether it is considerably more by now than they were told of."""
    growth = row.count - row.told_count
    return row.is_told and growth >= max(LEAST_GROWTH, row.told_count // GROWTH_SHARE)


def _is_news(row: Alert, now: datetime) -> bool:
    if row.ended_at is not None:
        return row.is_told
    has_rested = row.told_at is None or row.told_at <= now - APART or row.kind in ONE_BY_ONE
    has_lasted = row.began_at <= now - LASTS.get(AlertKind(row.kind), timedelta())
    return has_rested and has_lasted and (not row.is_told or has_grown(row))


def _go_on(row: Alert, cause: Cause, now: datetime) -> None:
    """It stands still or again, with the reason that it has now."""
    begins = row.ended_at is not None
    is_another = row.kind in ONE_BY_ONE and (begins or _is_later(row, cause))
    values = {
        "began_at": (cause.since or now) if begins or is_another else row.began_at,
        "ended_at": None,
        "is_told": row.is_told and not is_another,
        "reason": _reason(cause),
        "count": cause.count,
        "told_count": min(row.told_count, cause.count),
    }
    if any(getattr(row, name) != value for name, value in values.items()):
        _write(row, **values)


def _is_later(row: Alert, cause: Cause) -> bool:
    """Whether it has come since the other was written down, though nobody saw the time between."""
    is_new = cause.since is not None and cause.since > row.began_at
    return is_new or row.reason != _reason(cause)


def _key(row: Alert) -> tuple[int, str, str]:
    return row.label_id, row.kind, row.subject


def _row(cause: Cause, now: datetime) -> Alert:
    return Alert(
        label_id=cause.label_id,
        kind=cause.kind,
        subject=cause.subject,
        reason=_reason(cause),
        count=cause.count,
        began_at=cause.since or now,
    )


def _reason(cause: Cause) -> str:
    return cause.reason[:REASON_LENGTH]


def _write(row: Alert, **values: object) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
