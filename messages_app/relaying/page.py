"""The back office page of what is told beside messages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway_project.lib.admin import display
from gateway_project.lib.clock import database_now
from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.paging import CappedPaginator
from gateways.admin.cells import moment, short_id
from gateways.admin.deeds import do
from gateways.admin.page import ReadOnlyPage
from gateways.models import Action
from messages_app.models import Relay, RelayListener, RelayOutcome
from messages_app.relaying.keeping import retriable, retry
from messages_app.relaying.standing import STANDINGS
from messages_app.timeline import Tone

OUTCOME_TONES = {
    "Waiting": Tone.PLAIN,
    RelayOutcome.TAKEN.label: Tone.GOOD,
    RelayOutcome.NOT_NEEDED.label: Tone.PLAIN,
    RelayOutcome.UNKNOWN.label: Tone.CAREFUL,
    RelayOutcome.REJECTED.label: Tone.BAD,
    RelayOutcome.FAILED.label: Tone.BAD,
}


class StandingFilter(admin.SimpleListFilter):
    """What a person has to look at."""

    title = "needs a look"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, standing.title) for key, standing in STANDINGS.items()]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Relay]"
    ) -> "QuerySet[Relay] | None":
        standing = STANDINGS.get(self.value() or "")
        return queryset.filter(**standing.condition(database_now())) if standing else None


@admin.register(Relay)
class RelayAdmin(ReadOnlyPage):
    when_empty = "Nothing is told beside messages yet: no opt-out, contact, order or event."
    paginator = CappedPaginator
    list_display = (
        *("created", "short_id", "kind", "told_to", "outcome_label"),
        *("attempts", "due", "detail"),
    )
    list_filter = (StandingFilter, "kind", "outcome", "label", "listener", "gateway")
    list_select_related = ("gateway", "label")
    sortable_by = ("created",)
    search_fields = ("pk",)
    search_help_text = "the id that the platform was answered"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("id", "kind", "told_to", "end_user", "outcome_label", "detail"),
        *("attempts", "created", "due", "settled"),
    )
    actions = ("retry",)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Relay]", search_term: str
    ) -> "tuple[QuerySet[Relay], bool]":
        sought = search_term.strip()
        found = queryset.filter(pk__in=filter(None, [read_id(sought)]))
        return (found if sought else queryset), False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messages_app.retry_relay")

    @confirmed_action(
        description="Tell again",
        permission="retry",
        question="{count} relays that were not taken are told again.",
        narrow=retriable,
    )
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        count = do(request.user, Action.RETRIED, queryset, retry)
        self.message_user(request, f"{count:,} relays are due again.")

    @display(description="created (UTC)", ordering="pk")
    def created(self, relay: Relay) -> str | None:
        return moment(relay.created_at)

    @display(description="relay")
    def short_id(self, relay: Relay) -> str:
        return short_id(relay.pk)

    @display(description="told to")
    def told_to(self, relay: Relay) -> str:
        return str(relay.gateway or f"{RelayListener(relay.listener).label}, {relay.label}")

    @display(description="standing", label=OUTCOME_TONES)
    def outcome_label(self, relay: Relay) -> str:
        return RelayOutcome(relay.outcome).label if relay.outcome else "Waiting"

    @display(description="due (UTC)")
    def due(self, relay: Relay) -> str | None:
        return moment(relay.due_at) if relay.settled_at is None else None

    @display(description="settled (UTC)")
    def settled(self, relay: Relay) -> str | None:
        return moment(relay.settled_at)
