"""Two people with one page open: the second one is told what the first one changed."""

import json
from typing import Any

from django import forms
from django.db import models
from django.db.transaction import get_connection
from django.http import HttpRequest

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.personal import Personal


def state_of(row: models.Model) -> dict[str, str]:
    """A digest of every column, by which two states of a row can be told apart and not read."""
    return {
        field.name: keyed_digest(_stored(field.value_from_object(row)), purpose="seen")[:16]
        for field in row._meta.concrete_fields
    }


def _stored(value: Any) -> str:
    return str(getattr(value, "ciphertext", "") if isinstance(value, Personal) else repr(value))


class _SeenField(forms.CharField):
    """The digests that were on the page. It is no change of the row."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that knows which state of the row was on the page when it was filled in."""

    unwatched: frozenset[str] = frozenset()
    """Columns that the page does not write and the gateway changes by itself."""
    seen = _SeenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = state_of(self.instance) if self.instance.pk else {}
        self.present = {name: state[name] for name in state if name not in self.unwatched}
        self.initial["seen"] = json.dumps(self.present)

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        changed = self._changed_since(cleaned.get("seen", ""))
        if changed:
            self.data: Any = self.data.copy()
            self.data[self.add_prefix("seen")] = json.dumps(self.present)
            names = ", ".join(changed)
            text = f"Changed by somebody else meanwhile: {names}. Save again to overwrite that."
            self.add_error(None, text)
        return cleaned

    def _changed_since(self, seen: str) -> list[str]:
        try:
            before = dict(json.loads(seen or "{}"))
        except (ValueError, TypeError, RecursionError):
            before = {}
        names = [name for name, now in self.present.items() if before.get(name, now) != now]
        return [str(self.instance._meta.get_field(name).verbose_name) for name in names]


class LockingAdmin:
    """Holds the row from its reading to its writing, so that no change falls between the two."""

    model: type[models.Model]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if row is None or request.method != "POST" or not get_connection().in_atomic_block:
            return row
        return self.model._default_manager.select_for_update().filter(pk=row.pk).first()
