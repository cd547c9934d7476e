"""Pages whose changes are written down: who, when, what, secrets as "changed"."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from gateways.auditing import differences, record, values_of
from gateways.models import Action, AuditEntry

MOST_SHOWN = 200


class Told:
    """A page whose rows have a history: what the audit tells of them."""

    model: type[models.Model]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        entries = AuditEntry.objects.filter(
            subject_type=self.model._meta.label_lower, subject_id=str(row.pk)
        )
        if not self.has_view_or_change_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": f"History of {row}",
            "opts": self.opts,  # type: ignore[attr-defined]
            "object": row,
            "entries": entries.order_by("-pk")[:MOST_SHOWN],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/history.html", context)


class Audited(Told):
    """Writes audit entries in the place of Django's own log, which would repeat values."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stored = self.model._default_manager.filter(pk=obj.pk).first() if change else None
        form.values_before = values_of(stored) if stored else {}
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        """The changes by field, those of rows inside the page by their own names."""
        if add:
            return {}
        inside: dict[str, Any] = {}
        for formset in formsets or ():
            noun = formset.model._meta.verbose_name
            for row in formset.new_objects:
                inside[f"{noun} {row}"] = "added"
            for row, fields in formset.changed_objects:
                inside[f"{noun} {row}"] = f"changed: {', '.join(fields)}"
            for row in formset.deleted_objects:
                inside[f"{noun} {row}"] = "removed"
        return {**differences(form.values_before, values_of(form.instance)), **inside}

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        record(request.user, Action.ADDED, obj, changes=message)

    def log_change(self, request: HttpRequest, obj: Any, message: Mapping[str, Any]) -> None:
        if message:
            record(request.user, Action.CHANGED, obj, changes=message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            record(request.user, Action.DELETED, row)
