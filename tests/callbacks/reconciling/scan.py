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
    settled = {
        (row.message_id, row.status): row.settlement for row in CallbackDelivery.objects.all()
    }
    found: Found = Counter()
    for event in StatusEvent.objects.filter(message__is_test=False).select_related("message"):
        message = event.message
        line = Line(message.label_id, day_of(event.recorded_at), message.channel, event.status)
        told = settled.get((message.pk, event.status), Standing.UNWANTED)
        found[line, str(told if event.is_reported else Standing.QUIET)] += 1
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
