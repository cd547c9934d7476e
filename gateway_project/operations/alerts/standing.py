"""Which alerts stand, and which of them the label's people are to be told of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from gateway_project.lib.transactions import writing
from gateway_project.operations.alerts.causes import Cause
from gateways.models import Alert, Label
from gateways.models.alert import REASON_LENGTH

APART = timedelta(hours=1)
"""Between two messages that the same cause is there again."""
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
            elif key in standing and row.ended_at is not None:
                _write(row, began_at=now, ended_at=None, reason=_reason(standing[key]))
        new = [_row(cause, now) for key, cause in standing.items() if key not in rows]
        Alert.objects.bulk_create(new, ignore_conflicts=True)
        Alert.objects.filter(is_told=False, ended_at__lt=now - FORGOTTEN_AFTER).delete()


def news(now: datetime) -> list[News]:
    """By label. What has ended before anybody was told of it is none."""
    is_new = Q(ended_at=None, is_told=False)
    has_rested = Q(told_at=None) | Q(told_at__lte=now - APART)
    is_over = Q(ended_at__isnull=False, is_told=True)
    rows = list(Alert.objects.filter((is_new & has_rested) | is_over).order_by("pk"))
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
        Alert.objects.filter(pk__in=[row.pk for row in told.begun]).update(
            is_told=True, told_at=now
        )
        Alert.objects.filter(pk__in=[row.pk for row in told.ended]).update(is_told=False)


def _key(row: Alert) -> tuple[int, str, str]:
    return row.label_id, row.kind, row.subject


def _row(cause: Cause, now: datetime) -> Alert:
    return Alert(
        label_id=cause.label_id,
        kind=cause.kind,
        subject=cause.subject,
        reason=_reason(cause),
        began_at=now,
    )


def _reason(cause: Cause) -> str:
    return cause.reason[:REASON_LENGTH]


def _write(row: Alert, **values: object) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
