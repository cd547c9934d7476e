"""A list with a way to a file: as it is narrowed, as CSV, by a right of its own."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from gateway_project.lib.clock import database_now
from gateway_project.lib.spreadsheets import as_csv
from gateways.auditing import record
from gateways.models import Action

CHUNK = 1_000


class Exported:
    """Adds the file to a page of rows; `admin/export.html` is its button."""

    export_right: ClassVar[str]
    export_name: ClassVar[str]
    """What the file is called, before the time."""

    def exported(self, rows: Any) -> Iterator[tuple[object, ...]]:
        """A head, and what is told of each row."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        opts = self.opts  # type: ignore[attr-defined]
        view = self.admin_site.admin_view(require_POST(self.export_view))  # type: ignore[attr-defined]
        name = f"{opts.app_label}_{opts.model_name}_export"
        return [path("export/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "may_export": request.user.has_perm(self.export_right),
            "narrowed": request.GET.urlencode(),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)  # type: ignore[misc]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is narrowed, however long. Written down before it begins."""
        may_see = self.has_view_permission(request)  # type: ignore[attr-defined]
        if not (may_see and request.user.has_perm(self.export_right)):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            return HttpResponseBadRequest("The list cannot be narrowed like that.")
        narrowed = sorted(name for name, value in request.GET.items() if value)
        model = self.model  # type: ignore[attr-defined]
        record(request.user, Action.EXPORTED, model, changes={"narrowed by": narrowed})
        lines = as_csv(self.exported(rows))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        name = f"{self.export_name}-{database_now():%Y-%m-%d-%H%M}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
