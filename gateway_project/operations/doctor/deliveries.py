"""Whether a gateway's provider tells of deliveries, where it can."""

from datetime import datetime, timedelta

from django.db.models import Sum

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.models import Gateway
from messages_app.models import Measure, Tally

LOOKED_BACK = timedelta(days=7)
COMES_WITHIN = timedelta(days=2)
"""Who has got a message by then is mostly known to have."""
FEWEST = 20
"""Of fewer messages it may be so that none was delivered."""


def undelivered(row: Gateway, now: datetime) -> int:
    """How many messages of the last days its provider has taken without telling of one delivery
    since; 0 where it tells none, or there are too few to say."""
    since = now - LOOKED_BACK
    if not _is_to_tell(row) or _count(row, Measure.DELIVERED, since, now):
        return 0
    taken = _count(row, Measure.SENT, since, now - COMES_WITHIN)
    return taken if taken >= FEWEST else 0


def _is_to_tell(row: Gateway) -> bool:
    gateway = configuration.current().gateways.get(row.pk)
    if gateway is None:
        return False
    try:
        return Status.DELIVERED in adapter_of(gateway).reported(gateway.channel)
    except (Undecryptable, LookupError):
        return False


def _count(row: Gateway, measure: Measure, since: datetime, until: datetime) -> int:
    tallies = Tally.objects.filter(start__gte=since, start__lt=until)
    of_gateway = tallies.filter(gateway_id=row.pk, measure=measure)
    return of_gateway.aggregate(total=Sum("count"))["total"] or 0
