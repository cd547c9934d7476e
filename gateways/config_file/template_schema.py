"""Custom IM templates in a configuration file."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from gateways.config_file.fields import ChoiceField, ScalarField
from gateways.config_file.strict import Named, Strict, renamed
from gateways.models.template import FieldType


class TemplateFieldSchema(Strict):
    name = serializers.CharField(max_length=64)
    type = ChoiceField(FieldType.choices, default=FieldType.TEXT)
    required_ = serializers.BooleanField(default=False)
    choices = serializers.ListField(child=ScalarField(), default=list)

    def get_fields(self) -> Any:
        return renamed(super().get_fields(), "required_", "required")

    def validate(self, attrs: Any) -> Any:
        takes_choices = attrs["type"] == FieldType.CHOICE
        if takes_choices != bool(attrs["choices"]):
            wrong = "are missing" if takes_choices else "only a field of type choice has them"
            raise ValidationError({"choices": wrong})
        if len(set(attrs["choices"])) < len(attrs["choices"]):
            raise ValidationError({"choices": "one is given twice"})
        return attrs


class TemplateSchema(Named):
    fields_ = TemplateFieldSchema(many=True, default=list)

    def get_fields(self) -> Any:
        return renamed(super().get_fields(), "fields_", "fields")
