"""The pages of Custom IM templates: their designer."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from gateway_project.lib.admin import StackedInline
from gateways.admin.designer import design_of, new_design, preview_of, read_fields
from gateways.admin.page import Page
from gateways.admin.scope import visible
from gateways.admin.template_form import TemplateFieldForm
from gateways.models import Label, Template, TemplateField
from gateways.template_sample import extension_schema

PREVIEW = "admin/gateways/template/preview.html"


class TemplateFieldInline(StackedInline):
    model = TemplateField
    form = TemplateFieldForm
    verbose_name_plural = "fields"
    ordering = ("position", "pk")
    template = "admin/gateways/template/fields.html"


@admin.register(Template)
class TemplateAdmin(Page):
    when_empty = "Add a template: the fields of a Custom IM message."
    list_display = ("name", "slug", "label", "is_active")
    list_filter = ("label",)
    list_select_related = ("label",)
    search_fields = ("name", "slug")
    fields = ("label", "name", "slug", "is_active")
    inlines = (TemplateFieldInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "slug") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("preview/", self.preview, "preview"),
            ("<int:template_id>/preview/", self.preview, "preview"),
            ("<int:template_id>/schema.json", self.schema, "schema"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=f"gateways_template_{name}")
            for route, view, name in views
        ]
        return [*own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        template = context.get("original")
        shown = self._typed(request, template) if request.method == "POST" else {}
        if not shown:
            design = design_of(template) if template else new_design()
            shown = preview_of(design)
        answer: HttpResponse = super().render_change_form(
            request, {**context, **shown}, *args, **kwargs
        )
        return answer

    def preview(self, request: HttpRequest, template_id: int | None = None) -> HttpResponse:
        """What the form that is being filled in comes to."""
        return require_POST(self._preview)(request, template_id)

    def _preview(self, request: HttpRequest, template_id: int | None) -> HttpResponse:
        template = self._template(request, template_id) if template_id else None
        may = self.has_change_permission if template else self.has_add_permission
        if not may(request):
            raise PermissionDenied
        return TemplateResponse(request, PREVIEW, self._typed(request, template))

    def schema(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """The JSON Schema of a saved template, to download."""
        return require_GET(self._schema)(request, template_id)

    def _schema(self, request: HttpRequest, template_id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        template = self._template(request, template_id)
        name = f"{template.slug}.schema.json"
        return JsonResponse(
            extension_schema(design_of(template)),
            json_dumps_params={"indent": 2},
            content_type="application/schema+json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _template(self, request: HttpRequest, template_id: int) -> Template:
        found: Template | None = self.get_object(request, str(template_id))
        if found is None:
            raise Http404
        return found

    def _typed(self, request: HttpRequest, template: Template | None) -> dict[str, Any]:
        typed = read_fields(request.POST)
        label = template.label if template else self._label(request)
        slug = template.slug if template else request.POST.get("slug", "")
        name = request.POST.get("name", "")
        return preview_of(new_design(label, name, slug, typed.fields), typed.problems)

    def _label(self, request: HttpRequest) -> Label | None:
        rows = visible(self.admin_site, request, Label)
        by_id: dict[str, Label] = {str(row.pk): row for row in rows}
        return by_id.get(request.POST.get("label", ""))
