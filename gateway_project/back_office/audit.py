"""The page of what people did."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string

from gateway_project.lib.clock import database_now
from gateway_project.lib.paging import CappedPaginator
from gateway_project.operations.doctor.audit import chain
from gateway_project.operations.doctor.findings import About
from gateways.admin.exported import CHUNK, Exported
from gateways.admin.page import ReadOnlyPage
from gateways.admin.time_filter import TimeFilter
from gateways.audit_chain.sealing import last_seal
from gateways.models import AuditEntry, AuditSeal

COLUMNS: Final = (
    *("number", "id", "at", "who", "action", "label", "kind", "its id", "what"),
    *("reason", "changes", "digest", "digest of the place"),
)


class PersonFilter(admin.SimpleListFilter):
    """Who did it: people and commands, as they were called then."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by("actor_name")
        return [(name, name) for name in rows.values_list("actor_name", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(actor_name=self.value()) if self.value() else None


class EntryTimeFilter(TimeFilter):
    """By when it was done: an entry's id tells, as a message's does."""

    title = "time (UTC)"


@admin.register(AuditEntry)
class AuditEntryAdmin(Exported, ReadOnlyPage):
    export_right = "gateways.export_auditentry"
    export_name = "audit"
    when_empty = "Nobody has changed anything yet."
    list_before_template = "admin/audit/chain.html"
    list_display = ("at", "actor_name", "action", "subject_type", "subject_name", "label", "reason")
    list_filter = (EntryTimeFilter, PersonFilter, "action", "label", "subject_type")
    list_select_related = ("label",)
    search_fields = ("actor_name__exact", "subject_id__exact")
    search_help_text = "person, or id of what was changed"
    paginator = CappedPaginator
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("at", "actor_name", "action", "subject_type", "subject_name", "subject_id"),
        *("label", "reason", "what_changed", "place"),
    )

    @admin.display(description="changes")
    def what_changed(self, entry: AuditEntry) -> str:
        return render_to_string("admin/changes.html", {"changes": entry.told_changes})

    @admin.display(description="place in the chain")
    def place(self, entry: AuditEntry) -> str:
        seal = AuditSeal.objects.filter(entry=entry).first()
        return f"{seal.number:,}" if seal else "none yet: it is sealed within a second"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "chain": chain(About("Audit"), database_now()),
            "head": last_seal(),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def exported(self, rows: Any) -> Iterator[tuple[object, ...]]:
        """Oldest first."""
        yield COLUMNS
        rows = rows.order_by("pk").select_related("label", "seal")
        for entry in rows.iterator(chunk_size=CHUNK):
            seal = getattr(entry, "seal", None)
            yield (
                *(seal and seal.number, entry.pk, entry.at.isoformat(), entry.actor_name),
                *(entry.action, entry.label and entry.label.slug, entry.subject_type),
                *(entry.subject_id, entry.subject_name, entry.reason),
                *(json.dumps(entry.changes, ensure_ascii=False) if entry.changes else "",),
                *(entry.digest, seal and seal.digest),
            )
