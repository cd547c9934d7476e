"""Whether a gateway's provider, and who else is told something beside messages, takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
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
    owed = Owed(name=NAME, rows=Relay.objects.filter(gateway=row), narrowed={"gateway__id": row.pk})
    yield from left_over(about, owed, now) or [
        about.good(NAME, "all that was told was taken, and none is late")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """All that one listener is owed and was: under which name it is examined, and what narrows the
    list of relays to it."""

    name: str
    rows: "QuerySet[Relay]"
    narrowed: Mapping[str, Any]

    def listed(self, standing: str) -> str:
        exact = {f"{column}__exact": value for column, value in self.narrowed.items()}
        query = urlencode({"standing": standing, **exact})
        return f"{reverse('admin:messages_app_relay_changelist')}?{query}"


def left_over(about: About, owed: Owed, now: datetime) -> list[Finding]:
    """What was not taken, and what waits too long."""
    return [*_not_taken(about, owed, now), *_late(about, owed, now)]


def _not_taken(about: About, owed: Owed, now: datetime) -> Iterator[Finding]:
    refused = owed.rows.filter(**STANDINGS["not_taken"].condition(now))
    latest = refused.order_by("-settled_at").first()
    if latest is None or latest.settled_at is None:
        return
    count = in_figures(capped(refused))
    finding = about.attention(
        owed.name,
        f"{count} not taken, the latest {ago(latest.settled_at, now)}: {latest.detail}",
        "Look at them under Relays, and tell them again once they can be taken.",
    )
    yield replace(finding, listed=owed.listed("not_taken"))


def _late(about: About, owed: Owed, now: datetime) -> Iterator[Finding]:
    waiting = owed.rows.filter(**STANDINGS["late"].condition(now))
    oldest = waiting.order_by("created_at").first()
    if oldest is None:
        return
    waits = now - oldest.created_at
    text = f"the oldest waits for {length(waits)}"
    if oldest.detail:
        text = f"{text}: {oldest.detail}"
    tell = about.problem if waits > FAR_TOO_LATE else about.attention
    finding = tell(
        owed.name,
        text,
        "Look at them under Relays. See that who is told answers, and a worker runs.",
    )
    yield replace(finding, listed=owed.listed("late"))
