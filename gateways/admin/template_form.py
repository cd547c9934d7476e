"""The form of one field of a Custom IM template."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError

from gateways.admin.fields import LinesField
from gateways.config_file.fields import ScalarField
from gateways.config_file.template_schema import TemplateFieldSchema
from gateways.models import TemplateField
from gateways.models.template import FieldType

RULED = ("name", "type", "required", "choices")


class TemplateFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """One field, held to the rules of the configuration file."""

    choices = LinesField(ScalarField(), label="Choices, one on each line", help_text="")

    class Meta:
        model = TemplateField
        fields = ("position", *RULED)
        widgets = {"position": forms.HiddenInput}

    @cached_property
    def changed_data(self) -> list[str]:
        """A new row that was only moved is still an empty one."""
        changed: list[str] = super().changed_data
        return [] if self.instance.pk is None and changed == ["position"] else changed

    def clean_choices(self) -> list[str]:
        """Choices that were typed before the type was another one are not seen any more."""
        is_choice = self.cleaned_data.get("type") == FieldType.CHOICE
        return self.cleaned_data["choices"] if is_choice else []

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if all(name in cleaned for name in RULED):
            try:
                TemplateFieldSchema().run_validation({name: cleaned[name] for name in RULED})
            except ValidationError as error:
                for name, texts in error.detail.items():  # type: ignore[union-attr]
                    self.add_error(name, [str(text) for text in texts])
        return cleaned
