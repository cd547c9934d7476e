"""The back office pages of reports that could not be applied at once. They hold ids only."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from gateway_project.lib.admin import display
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.paging import CappedPaginator
from gateways.admin.cells import moment
from gateways.admin.page import ReadOnlyPage
from gateways.admin.scope import visible
from gateways.models import Gateway
from messages_app.meanings import Standing, meaning, standing
from messages_app.models import InboxEntry, Wait
from messages_app.timeline import Tone

STANDING_TONES = {
    str(Standing.APPLIED): Tone.GOOD,
    str(Standing.WAITS): Tone.PLAIN,
    str(Standing.NEEDS_A_PERSON): Tone.CAREFUL,
    str(Standing.GIVEN_UP): Tone.BAD,
}


class AppliedFilter(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "applied"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not applied"), ("yes", "Applied")]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[InboxEntry]"
    ) -> "QuerySet[InboxEntry]":
        if self.value() in ("yes", "no"):
            return queryset.filter(applied_at__isnull=self.value() == "no")
        return queryset


@admin.register(InboxEntry)
class InboxEntryAdmin(ReadOnlyPage):
    when_empty = "Every report of a provider was understood and belongs to a message. That is good."
    label_path = "gateway__label"
    paginator = CappedPaginator
    list_display = (
        *("received", "gateway", "standing_label", "waits_for", "word"),
        *("status", "provider_id", "looked_at_next"),
    )
    list_filter = (AppliedFilter, "waits_for", "status", "gateway")
    list_select_related = ("gateway",)
    sortable_by = ("received",)
    search_fields = ("provider_id",)
    search_help_text = "ext_message_id or the provider's id"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    fieldsets = (
        ("What this means", {"fields": ("standing_label", "what_it_means")}),
        (
            "The report",
            {"fields": ("gateway", "waits_for", "word", "status", "detail")},
        ),
        ("Its message", {"fields": ("message_id", "provider_id")}),
        ("Times", {"fields": ("occurred_at", "received_at", "due_at", "applied_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[InboxEntry]", search_term: str
    ) -> "tuple[QuerySet[InboxEntry], bool]":
        sought = search_term.strip()
        if not sought:
            return queryset, False
        gateways = list(visible(self.admin_site, request, Gateway).values_list("pk", flat=True))
        named = Q(gateway__in=gateways, provider_id=sought)
        own_id = read_id(sought)
        return queryset.filter(named | Q(message_id=own_id) if own_id else named), False

    @display(description="received (UTC)", ordering="pk")
    def received(self, entry: InboxEntry) -> str | None:
        return moment(entry.received_at)

    @display(description="standing", label=STANDING_TONES)
    def standing_label(self, entry: InboxEntry) -> str:
        return str(standing(entry, datetime.now(UTC)))

    @display(description="what it means")
    def what_it_means(self, entry: InboxEntry) -> str:
        return "\n\n".join(meaning(entry))

    @display(description="looked at next (UTC)")
    def looked_at_next(self, entry: InboxEntry) -> str | None:
        is_looked_for = entry.applied_at is None and entry.waits_for != Wait.A_READER
        return moment(entry.due_at) if is_looked_for else None
