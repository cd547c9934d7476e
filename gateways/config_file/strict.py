"""Mappings of known keys, as all parts of a configuration file are."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from gateways.models.label import NAME_LENGTH

SLUG_LENGTH = 64


class Strict(serializers.Serializer):  # type: ignore[type-arg]
    """A mapping of known keys. A key without a value is as if left out."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        errors: dict[Any, Any] = {
            key: ["there is no such key"] for key in data if key not in self.fields
        }
        given = {key: value for key, value in data.items() if value is not None}
        for key, field in self.fields.items():
            if isinstance(field, Strict) and not field.required:
                given.setdefault(key, {})
        try:
            values = super().to_internal_value(given)
        except ValidationError as error:
            errors |= error.detail  # type: ignore[arg-type]
        if errors:
            raise ValidationError(errors)
        return values


class Named(Strict):
    """What has a slug, by which it is known, and a name, which is the slug where it is left out."""

    slug = serializers.SlugField(max_length=SLUG_LENGTH)
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)

    def validate(self, attrs: Any) -> Any:
        return {"name": attrs["slug"], **attrs}


class PausedField(serializers.BooleanField):
    """Left out, what is paused stays so, whoever paused it, and what is new is not.

    Written where a person has paused it: what the house holds by itself is nobody's wish, and a
    file that says so would hold it again after its release.
    """

    def __init__(self) -> None:
        super().__init__(required=False)

    def get_attribute(self, instance: Any) -> bool | None:
        is_by_a_person = not getattr(instance, "paused_because", "")
        return True if super().get_attribute(instance) and is_by_a_person else None


def words_of_the_file(schema: Strict, before: str = "") -> dict[str, str]:
    """What each column of a row is called in the file: `callback_url` is `callback.url`."""
    words: dict[str, str] = {}
    for name, field in schema.fields.items():
        if isinstance(field, Strict) and field.source == "*":
            words |= words_of_the_file(field, f"{name}.")
        else:
            words[str(field.source)] = before + name
    return words


def renamed(fields: Any, attribute: str, name: str) -> Any:
    """A key of the file that cannot be the name of a class attribute, in the same position."""
    return type(fields)((name if key == attribute else key, field) for key, field in fields.items())
