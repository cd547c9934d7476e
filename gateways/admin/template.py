"""The pages of Custom IM templates."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from gateway_project.lib.admin import ModelAdmin, TabularInline
from gateways.admin.fields import LinesField
from gateways.config_file.fields import ScalarField
from gateways.config_file.template_schema import TemplateFieldSchema
from gateways.models import Template, TemplateField


class TemplateFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """One field, held to the rules of the configuration file."""

    choices = LinesField(ScalarField())

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        names = ("name", "type", "required", "choices")
        if all(name in cleaned for name in names):
            try:
                TemplateFieldSchema().run_validation({name: cleaned[name] for name in names})
            except ValidationError as error:
                for name, texts in error.detail.items():  # type: ignore[union-attr]
                    self.add_error(name, [str(text) for text in texts])
        return cleaned


class TemplateFieldInline(TabularInline):
    model = TemplateField
    form = TemplateFieldForm
    fields = ("position", "name", "type", "required", "choices")
    ordering = ("position", "pk")


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    list_display = ("name", "slug", "label", "is_active")
    list_filter = ("label",)
    list_select_related = ("label",)
    search_fields = ("name", "slug")
    fields = ("label", "name", "slug", "is_active")
    inlines = (TemplateFieldInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "slug") if obj else ()
