"""Whether a gateway's provider takes what it is told beside messages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.http import urlencode

from gateway_project.lib.paging import capped, in_figures
from gateway_project.operations.doctor.ages import ago, length
from gateway_project.operations.doctor.findings import About, Finding
from gateways.models import Gateway
from gateways.providers.capabilities import TakesRelays
from gateways.providers.registry import provider_classes
from messages_app.models import Relay
from messages_app.relaying.standing import STANDINGS

NAME = "Relays"
FAR_TOO_LATE = timedelta(days=1)
"""By then a relay is out of tries, unless nobody tells it at all."""


def relays(about: About, row: Gateway, now: datetime) -> Iterator[Finding]:
    """What was not taken, and what waits too long. Nothing where the provider takes none."""
    provider = provider_classes().get(row.provider)
    if provider is None or not issubclass(provider, TakesRelays):
        return
    found = [*_not_taken(about, row, now), *_late(about, row, now)]
    yield from found or [about.good(NAME, "all that was told was taken, and none is late")]


def _not_taken(about: About, row: Gateway, now: datetime) -> Iterator[Finding]:
    refused = Relay.objects.filter(gateway=row, **STANDINGS["not_taken"].condition(now))
    latest = refused.order_by("-settled_at").first()
    if latest is None or latest.settled_at is None:
        return
    count = in_figures(capped(refused))
    finding = about.attention(
        NAME,
        f"{count} not taken, the latest {ago(latest.settled_at, now)}: {latest.detail}",
        "Look at them under Relays, and tell them again once they can be taken.",
    )
    yield replace(finding, listed=_listed(row, "not_taken"))


def _late(about: About, row: Gateway, now: datetime) -> Iterator[Finding]:
    waiting = Relay.objects.filter(gateway=row, **STANDINGS["late"].condition(now))
    oldest = waiting.order_by("created_at").first()
    if oldest is None:
        return
    waits = now - oldest.created_at
    text = f"the oldest waits for {length(waits)}"
    if oldest.detail:
        text = f"{text}: {oldest.detail}"
    tell = about.problem if waits > FAR_TOO_LATE else about.attention
    finding = tell(
        NAME, text, "Look at them under Relays. See that the provider answers and a worker runs."
    )
    yield replace(finding, listed=_listed(row, "late"))


def _listed(row: Gateway, standing: str) -> str:
    query = urlencode({"standing": standing, "gateway__id__exact": str(row.pk)})
    return f"{reverse('admin:messages_app_relay_changelist')}?{query}"
