"""The last messages of a label on a channel, as far as routing asks about them."""

from collections import Counter
from collections.abc import Sequence

from gateway_project.lib.vocabulary import Channel
from gateways.impact import Passenger
from gateways.routing import texts_of
from messages_app.models import Message

MOST = 10_000
"""Messages looked at: enough to tell, little enough to wait for."""

COLUMNS = ("brand", "activity_type", "end_user__sealed_properties")


def last_passengers(label_id: int, channel: Channel, names: Sequence[str]) -> Counter[Passenger]:
    """How many of the last messages go alike, by brand and by these properties.

    Erased users are passed over: their properties are not known any more.
    """
    accepted = Message.objects.filter(label_id=label_id, channel=channel, is_test=False)
    rows = accepted.order_by("-pk").select_related("end_user").only(*COLUMNS)
    found: Counter[Passenger] = Counter()
    for row in rows[:MOST].iterator():
        if row.activity_type:
            found[Passenger(row.brand_id, None)] += 1
        elif row.end_user is not None:
            properties = row.end_user.properties
            values = tuple((name, texts_of(properties.get(name))) for name in names)
            found[Passenger(row.brand_id, values)] += 1
    return found
