"""What the books should say, found by looking at every row."""

from collections import Counter
from datetime import date

from callbacks.models import CallbackDelivery, Standing
from callbacks.reconciling.booking import Line, day_of
from callbacks.reconciling.reading import read
from gateways.models import Label
from messages_app.models import StatusEvent

Found = Counter[tuple[Line, str]]


def scanned() -> Found:
    deliveries = CallbackDelivery.objects.values_list("message_id", "status", "settlement")
    settled = {(message_id, status): settlement for message_id, status, settlement in deliveries}
    events = StatusEvent.objects.filter(message__is_test=False).values_list(
        *("message_id", "status", "is_reported", "recorded_at"),
        *("message__label_id", "message__channel"),
    )
    found: Found = Counter()
    for message_id, status, is_reported, at, label_id, channel in events:
        told = settled.get((message_id, status), Standing.UNWANTED)
        line = Line(label_id, day_of(at), channel, status)
        found[line, str(told if is_reported else Standing.QUIET)] += 1
    return found


def booked() -> Found:
    """As the report reads it."""
    label_ids = Label.objects.values_list("pk", flat=True)
    balances = read(label_ids, date.min, date.max)
    return +Counter(
        {
            (line, standing): count
            for line, balance in balances.items()
            for standing, count in balance.counts.items()
        }
    )
