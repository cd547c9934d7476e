"""Pages that show a member of staff the rows of their labels and of no others."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from gateways.staff import label_ids_of


class RelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a related row, which offers only rows that this person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = visible(model_admin.admin_site, request, field.related_model)
        return [(row.pk, str(row)) for row in rows.order_by("pk")]


def visible(site: Any, request: HttpRequest, model: type[models.Model]) -> Any:
    """The rows of a model that this person may see, by the page that is registered for it."""
    page = site._registry.get(model)
    return page.get_queryset(request) if page else model._default_manager.all()


class LabelScoped:
    """A page whose rows belong to labels. `label_path` leads from a row to its label."""

    label_path = "label"

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)  # type: ignore[misc]
        ids = label_ids_of(request.user)
        return rows if ids is None else rows.filter(**{f"{self.label_path}__in": ids})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        rows = visible(self.admin_site, request, db_field.related_model)  # type: ignore[attr-defined]
        kwargs.setdefault("queryset", rows)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        given = super().get_list_filter(request)  # type: ignore[misc]
        return [self._scoped(entry) for entry in given]

    def _scoped(self, entry: Any) -> Any:
        if not isinstance(entry, str):
            return entry
        field = self.model._meta.get_field(entry)  # type: ignore[attr-defined]
        return (entry, RelatedFilter) if field.is_relation else entry
