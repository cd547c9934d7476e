"""The back office pages of reports that could not be applied at once. They hold ids only.

Django looks here for all pages of the app: that of relays is beside what it is about.
"""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from gateway_project.lib.admin import display, row_action
from gateway_project.lib.clock import database_now
from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.paging import CappedPaginator
from gateway_project.lib.transactions import writing
from gateways.admin.cells import SHORT, moment, short_id
from gateways.admin.page import Page, ReadOnlyPage
from gateways.admin.scope import visible
from gateways.auditing import record
from gateways.models import Action, Gateway
from messages_app.meanings import Standing, meaning, standing
from messages_app.models import InboxEntry, Wait, WordMapping
from messages_app.relaying.page import RelayAdmin
from messages_app.reported import provider_id_digest
from messages_app.rereading import read_again
from messages_app.timeline import Tone
from messages_app.unreadable import shown
from messages_app.word_form import WordMappingForm
from messages_app.words import reopen, take_back
from users.masking import mask_id

STANDING_TONES = {
    str(Standing.APPLIED): Tone.GOOD,
    str(Standing.WAITS): Tone.PLAIN,
    str(Standing.NEEDS_A_PERSON): Tone.CAREFUL,
    str(Standing.GIVEN_UP): Tone.BAD,
}

MOST_READ_AT_ONCE = 1_000
NO_KEY = "It does not open with the keys of PII_KEYS."


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
    actions = ("read_again",)
    actions_detail = ("map_word",)
    paginator = CappedPaginator
    list_display = (
        *("received", "gateway", "standing_label", "waits_for", "word"),
        *("status", "short_told_id", "looked_at_next"),
    )
    list_filter = (AppliedFilter, "waits_for", "status", "gateway")
    list_select_related = ("gateway",)
    sortable_by = ("received",)
    search_fields = ("provider_id_digest",)
    search_help_text = "ext_message_id or the provider's id"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    fieldsets = (
        ("What this means", {"fields": ("standing_label", "what_it_means")}),
        (
            "The report",
            {
                "fields": (
                    "gateway",
                    "waits_for",
                    "word",
                    "mapping",
                    "status",
                    "detail",
                    "as_it_came",
                )
            },
        ),
        ("Its message", {"fields": ("message_id", "told_id")}),
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
        named = Q(gateway__in=gateways, provider_id_digest=provider_id_digest(sought))
        own_id = read_id(sought)
        return queryset.filter(named | Q(message_id=own_id) if own_id else named), False

    @row_action(description="Say what the word means", icon="translate", permission="map")
    def map_word(self, request: HttpRequest, object_id: str) -> HttpResponse:
        entry = self.get_object(request, object_id)
        if entry is None or not entry.word_key:
            raise Http404
        known = {
            "label": entry.gateway.label_id,
            "provider": entry.gateway.provider,
            "gateway": entry.gateway_id,
            "word": entry.word,
        }
        page = reverse("admin:messages_app_wordmapping_add")
        return redirect(f"{page}?{urlencode(known)}")

    def has_map_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for an entry that waits for it, to those who may set gateways up."""
        if not request.user.has_perm("messages_app.add_wordmapping"):
            return False
        waiting = InboxEntry.objects.filter(waits_for=Wait.A_MAPPING, applied_at=None)
        return object_id is None or waiting.filter(pk=object_id).exclude(word_key="").exists()

    @confirmed_action(
        description="Read again",
        permission="map",
        question="Read {count} reports again with the gateways as they are configured now? What is "
        "in them is applied.",
        narrow=lambda rows: rows.filter(
            waits_for=Wait.A_READER, applied_at=None, kept__isnull=False
        ),
    )
    def read_again(self, request: HttpRequest, queryset: "QuerySet[InboxEntry]") -> None:
        entries = list(queryset.select_related("gateway")[:MOST_READ_AT_ONCE])
        for label_id in sorted({entry.gateway.label_id for entry in entries}):
            mine = [entry for entry in entries if entry.gateway.label_id == label_id]
            record(
                request.user,
                Action.CHANGED,
                InboxEntry,
                label_id=label_id,
                changes={"read again": f"{len(mine):,}"},
            )
        count = read_again(entries)
        self.message_user(request, f"{count:,} of {len(entries):,} could be read.")

    @display(description="as it came, scrubbed")
    def as_it_came(self, entry: InboxEntry) -> str:
        try:
            return shown(entry)
        except Undecryptable:
            return NO_KEY

    @display(description="provider's id")
    def told_id(self, entry: InboxEntry) -> str | None:
        try:
            return entry.provider_id and mask_id(entry.provider_id.reveal())
        except Undecryptable:
            return NO_KEY

    @display(description="provider's id")
    def short_told_id(self, entry: InboxEntry) -> str | None:
        told = self.told_id(entry)
        return short_id(told, row=entry.pk) if told and len(told) > SHORT else told

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


@admin.register(WordMapping)
class WordMappingAdmin(Page):
    form = WordMappingForm
    when_empty = "No provider has said a word yet that a person had to explain."
    list_display = ("word", "provider", "where", "means", "times_ignored")
    list_filter = ("provider", "gateway")
    list_select_related = ("gateway",)
    ordering = ("provider", "word", "pk")
    fields = ("label", "provider", "gateway", "word", "status", "is_confirmed")

    @display(description="holds for")
    def where(self, mapping: WordMapping) -> str:
        return mapping.gateway.name if mapping.gateway else "all gateways of the provider"

    @display(description="means")
    def means(self, mapping: WordMapping) -> str:
        return mapping.get_status_display() if mapping.status else "nothing: dropped"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        count = reopen(obj, database_now())
        super().save_model(request, obj, form, change)
        if count:
            self.message_user(request, f"{count:,} waiting reports are being settled.")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with writing():
            take_back(obj, database_now())
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for mapping in queryset:
            self.delete_model(request, mapping)


__all__ = ["InboxEntryAdmin", "RelayAdmin", "WordMappingAdmin"]
