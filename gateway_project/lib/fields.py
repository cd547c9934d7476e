"""Model fields whose column holds only ciphertext, and the blind index beside them."""

import json
from collections.abc import Callable
from typing import Any, cast

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from gateway_project.lib.crypto import key_ring, keyed_digest
from gateway_project.lib.personal import REDACTED, Personal


class Ciphertext(str):
    """What the column holds; told apart from plain text by its type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return REDACTED


class Sealed(Personal):
    """A value still encrypted; `reveal()` decrypts it and may raise Undecryptable."""

    __slots__ = ("_open",)

    def __init__(self, open_: Callable[[], Any]) -> None:
        super().__init__(None)
        self._open = open_

    def reveal(self) -> Any:
        return self._open()


class _SealedAttribute(DeferredAttribute):
    """Plain values go in, `Personal` comes out."""

    field: "SealedTextField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Ciphertext):
            return value
        return Sealed(lambda: self.field.open(value, instance))

    def __set__(self, instance: models.Model, value: Any) -> None:
        if value is not None and not isinstance(value, Ciphertext | Personal):
            value = Personal(value)
        instance.__dict__[self.field.attname] = value


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest, bound to its table, row and column.

    `bound_to` names the field that identifies the row and is made by the client, the primary key
    unless said otherwise. Cannot be looked up, ordered or bulk-updated: it has no stable value.
    """

    descriptor_class = _SealedAttribute

    def __init__(self, *args: Any, bound_to: str = "pk", **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        self.bound_to = bound_to
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.bound_to != "pk":
            kwargs["bound_to"] = self.bound_to
        return name, path, args, kwargs

    @property
    def bound_column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def dump(self, value: Any) -> str:
        return str(value)

    def load(self, text: str) -> Any:
        return text

    def open(self, ciphertext: Ciphertext, instance: models.Model) -> Any:
        row = getattr(instance, self.bound_to)
        return self.load(key_ring().open(ciphertext, column=self.bound_column, row=row))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Ciphertext):
            return value
        row = getattr(model_instance, self.bound_to)
        if row is None:
            raise TypeError(f"{self.bound_column} needs a row made by the client")
        plain = self.dump(cast(Personal, value).reveal())
        return Ciphertext(key_ring().seal(plain, column=self.bound_column, row=row))

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Ciphertext):
            return None if value is None else str(value)
        raise TypeError(f"{self.name} is sealed: it is written by save() and cannot be looked up")

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return REDACTED


class SealedJSONField(SealedTextField):
    """A JSON value encrypted at rest as one text."""

    def dump(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def load(self, text: str) -> Any:
        return json.loads(text)


class BlindIndexField(models.CharField):  # type: ignore[type-arg]
    """A keyed digest of a sealed neighbour, so that equal addresses can be found without one.

    `normalise` takes the plain value and the instance and answers the text to digest, or None
    where the value cannot be used as an address. It is computed when the neighbour was assigned;
    `update()` and `save(update_fields=...)` must name both columns.
    """

    def __init__(
        self,
        *args: Any,
        source: str = "",
        normalise: Callable[[str, Any], str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        self.source, self.normalise = source, normalise
        kwargs.update(max_length=64, null=True, editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"], kwargs["null"], kwargs["editable"]
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.source)
        if not isinstance(value, Ciphertext):
            text = None if value is None else value.reveal()
            normal = None if text is None or self.normalise is None else self.normalise(text, model_instance)
            index = None if normal is None else keyed_digest(normal, purpose=f"address:{self.source}")
            setattr(model_instance, self.attname, index)
        return getattr(model_instance, self.attname)
