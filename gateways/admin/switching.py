"""The actions of the list: gateways are paused, resumed, activated and deactivated."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.transactions import writing
from gateways import breakers
from gateways.auditing import record
from gateways.models import Action, Gateway
from gateways.models.gateway import RESUMED


class Switches:
    """The actions, for the page of gateways to derive from. Each is written down."""

    actions = ("pause", "resume", "try_now", "activate", "deactivate")

    @confirmed_action(
        description="Pause",
        permission="change",
        question="Pause {count} gateways? What waits there is held until they are resumed, and so "
        "is what comes, where no other gateway fits.",
        narrow=lambda rows: rows.filter(is_paused=False),
    )
    def pause(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._switch(request, queryset, "is_paused", True)

    @confirmed_action(
        description="Resume",
        permission="change",
        question="Resume {count} gateways? What is held is sent.",
        narrow=lambda rows: rows.filter(is_paused=True),
    )
    def resume(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._switch(request, queryset, "is_paused", False)

    @confirmed_action(
        description="Try again now",
        permission="change",
        question="Try {count} gateways that do not answer, or asked for a rest? Of the first, one "
        "message goes to each at once, and the others when it gets through.",
        narrow=lambda rows: rows.filter(
            Q(breaker__opened_at__isnull=False) | Q(breaker__not_before__gt=moment())
        ),
    )
    def try_now(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        with writing():
            gateways = list(queryset.select_related(None))
            breakers.try_now([row.pk for row in gateways], database_now())
            for gateway in gateways:
                record(request.user, Action.CHANGED, gateway, reason="tried again at once")
        self.message_user(request, f"{len(gateways)} are tried.")  # type: ignore[attr-defined]

    @confirmed_action(
        description="Activate",
        permission="change",
        question="Activate {count} gateways? Messages take them from then on.",
        narrow=lambda rows: rows.filter(is_active=False),
    )
    def activate(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._switch(request, queryset, "is_active", True)

    @confirmed_action(
        description="Deactivate",
        permission="change",
        question="Deactivate {count} gateways? What waits there moves to others that fit.",
        narrow=lambda rows: rows.filter(is_active=True),
    )
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._switch(request, queryset, "is_active", False)

    def _switch(
        self, request: HttpRequest, queryset: QuerySet[Gateway], column: str, to: bool
    ) -> None:
        with writing():
            gateways = list(queryset.select_related(None).select_for_update())
            changes: dict[str, Any] = {column: to}
            if column == "is_paused":
                changes |= RESUMED
            Gateway.objects.filter(pk__in=[row.pk for row in gateways]).update(**changes)
            for gateway in gateways:
                record(request.user, Action.CHANGED, gateway, changes={column: [not to, to]})
        self.message_user(request, f"{len(gateways)} done.")  # type: ignore[attr-defined]
