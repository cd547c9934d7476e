"""Form fields for the configuration's lists, held to the rules of the configuration file."""

from typing import Any

from django import forms
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from gateway_project.lib.admin import dress


class LinesField(forms.CharField):
    """A list of texts, one on each line; `item` is the file's rule for one of them."""

    def __init__(self, item: serializers.Field[Any, Any, Any, Any], **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "One on each line.")
        self.item = item
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)
        dress(self)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial or [], data)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return list(value)
        lines = [line.strip() for line in str(super().to_python(value)).splitlines()]
        read = [self._read(line, number) for number, line in enumerate(lines, start=1) if line]
        return list(dict.fromkeys(read))

    def _read(self, line: str, number: int) -> Any:
        try:
            return self.item.run_validation(line)
        except ValidationError as error:
            text = " ".join(map(str, error.detail))
            raise forms.ValidationError(f"Line {number}: {text}") from None


def dressed(field: forms.Field) -> Any:
    """A field for a class body, in the theme's clothes."""
    return dress(field)
