"""Fields of a Config for lists and tables: YAML's own in a file, lines in a form."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import get_text_list

from gateway_project.lib.lenient_json import check_depth
from gateways.providers.placeholders import KNOWN, problem_in

MOST_LINES = 200
LONGEST = 64_000


class _LinesField(forms.CharField):
    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(max_length=LONGEST, **kwargs)

    def lines(self, text: str | None) -> list[str]:
        return [line.strip() for line in (text or "").splitlines() if line.strip()]


class JsonField(forms.JSONField):
    """A JSON document; a box with nothing in it where there is none."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return "" if value is None else super().prepare_value(value)


class WordsField(_LinesField):
    """Words, one on each line."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            value = "\n".join(str(each) for each in value)
        return "\n".join(self.lines(super().to_python(value)))


class TableField(_LinesField):
    """Their words and ours, one `theirs = ours` on each line."""

    def __init__(self, *, meanings: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.meanings = meanings

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{theirs} = {ours}" for theirs, ours in value.items())
        return value

    def to_python(self, value: Any) -> Any:
        """A mapping, in the order in which it was written."""
        lines = self.lines(super().to_python(self.prepare_value(value)))
        if len(lines) > MOST_LINES:
            raise ValidationError(f"At most {MOST_LINES} lines are possible.")
        table: dict[str, str] = {}
        for number, line in enumerate(lines, start=1):
            theirs, equals, ours = (part.strip() for part in line.rpartition("="))
            if not equals or not theirs:
                raise ValidationError(f"Line {number}: write it as their word = ours.")
            if ours.lower() not in self.meanings:
                meanings = get_text_list(list(self.meanings), "or")
                raise ValidationError(f"Line {number}: to the right of = stands {meanings}.")
            table[theirs] = ours.lower()
        return table

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        super().run_validators("\n".join([*value, *value.values()]))


class JsonTemplateField(_LinesField):
    """A JSON document in which placeholders stand, kept as the document that it is."""

    def __init__(self, *, known: frozenset[str] = KNOWN, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            value = json.dumps(value, ensure_ascii=False)
        text = super().to_python(value)
        if not text:
            return ""
        try:
            check_depth(text)
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise ValidationError(
                "A JSON document is expected, its placeholders between quotation marks: "
                '{"text": "{{ message.text }}"}.'
            ) from None
        if not isinstance(document, dict | list):
            raise ValidationError("A JSON object or list is expected.")
        return document

    def validate(self, value: Any) -> None:
        super().validate(value)
        if problem := problem_in(value, self.known):
            raise ValidationError(problem)

    def run_validators(self, value: Any) -> None:
        super().run_validators(json.dumps(value, ensure_ascii=False) if value else "")
