"""The page of what people did."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string

from gateway_project.lib.paging import CappedPaginator
from gateways.admin.page import ReadOnlyPage
from gateways.models import AuditEntry


class PersonFilter(admin.SimpleListFilter):
    """Who did it: people and commands, as they were called then."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by("actor_name")
        return [(name, name) for name in rows.values_list("actor_name", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(actor_name=self.value()) if self.value() else None


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyPage):
    when_empty = "Nobody has changed anything yet."
    list_display = ("at", "actor_name", "action", "subject_type", "subject_name", "label", "reason")
    list_filter = (PersonFilter, "action", "label", "subject_type", "at")
    list_select_related = ("label",)
    search_fields = ("actor_name__exact", "subject_id__exact")
    search_help_text = "person, or id of what was changed"
    paginator = CappedPaginator
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("at", "actor_name", "action", "subject_type", "subject_name", "subject_id"),
        *("label", "reason", "what_changed"),
    )

    @admin.display(description="changes")
    def what_changed(self, entry: AuditEntry) -> str:
        return render_to_string("admin/changes.html", {"changes": entry.told_changes})
