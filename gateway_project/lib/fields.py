"""Model fields whose column holds only ciphertext, and the blind index beside them."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import cached_property

from gateway_project.lib import key_use
from gateway_project.lib.crypto import Undecryptable, key_ring
from gateway_project.lib.personal import REDACTED, Personal

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
    _CharField = models.CharField[str | None, str | None]
else:
    _TextField, _CharField = models.TextField, models.CharField

PRIMARY_KEY = "pk"


class Ciphertext(str):
    """What the column holds; told apart from plain text by its type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return REDACTED


class Sealed(Personal):
    """A value still encrypted; `reveal()` decrypts it and may raise Undecryptable."""

    __slots__ = ("ciphertext", "field", "row")

    def __init__(self, field: "SealedTextField", ciphertext: Ciphertext, row: object) -> None:
        super().__init__(None)
        self.field, self.ciphertext, self.row = field, ciphertext, row

    def reveal(self) -> Any:
        return self.field.open(self.ciphertext, self.row)

    def is_of(self, field: "SealedTextField", row: object) -> bool:
        """Whether its ciphertext opens as it stands in this column of this row."""
        return self.field == field and self.row == row


def opens(value: Personal | None) -> bool:
    """Whether a value is there for the keys of the ring, or is not there at all."""
    if value is None:
        return True
    try:
        value.reveal()
    except Undecryptable:
        return False
    return True


class _SealedAttribute(DeferredAttribute):
    """Plain values go in, `Personal` comes out."""

    field: "SealedTextField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Ciphertext):
            return value
        return Sealed(self.field, value, self.field.row_of(instance))

    def __set__(self, instance: models.Model, value: Any) -> None:
        if value is not None and not isinstance(value, Ciphertext | Personal):
            value = Personal(value)
        instance.__dict__[self.field.attname] = value


class SealedTextField(_TextField):
    """Text encrypted at rest, bound to its table, row and column.

    `bound_to` names the field, or the fields, that identify the row and are made by the client, the
    primary key unless said otherwise. Written by `save()` and `bulk_create()` only, and looked up
    only for being null: it has no stable value.
    """

    descriptor_class = _SealedAttribute
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any
    lookups = frozenset({"exact", "isnull"})

    def __init__(
        self, *args: Any, bound_to: str | tuple[str, ...] = PRIMARY_KEY, **kwargs: Any
    ) -> None:
        kwargs.setdefault("editable", False)
        self.bound_to = (bound_to,) if isinstance(bound_to, str) else tuple(bound_to)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.bound_to != (PRIMARY_KEY,):
            kwargs["bound_to"] = self.bound_to if len(self.bound_to) > 1 else self.bound_to[0]
        return name, path, args, kwargs

    @cached_property
    def bound_column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    @cached_property
    def binding(self) -> "tuple[models.Field[Any, Any], ...]":
        """The fields that identify the row."""
        meta = self.model._meta
        found = (meta.pk if name == PRIMARY_KEY else meta.get_field(name) for name in self.bound_to)
        return cast("tuple[models.Field[Any, Any], ...]", tuple(found))

    def row_of(self, instance: models.Model) -> str | None:
        """What identifies the row, alike before and after it was in the database."""
        return self.row_named(getattr(instance, field.attname) for field in self.binding)

    def row_named(self, values: Iterable[Any]) -> str | None:
        """The row that is identified by the values of `binding`; None where one is missing."""
        named = [field.to_python(value) for field, value in zip(self.binding, values, strict=True)]
        return None if None in named else ":".join(map(str, named))

    def dump(self, value: Any) -> str:
        return str(value)

    def load(self, text: str) -> Any:
        return text

    def open(self, ciphertext: Ciphertext, row: object) -> Any:
        return self.load(key_ring().open(ciphertext, column=self.bound_column, row=row))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is None:
            return None
        row = self.row_of(model_instance)
        if row is None:
            raise TypeError(f"{self.bound_column} needs a row made by the client")
        if isinstance(value, Sealed) and value.is_of(self, row):
            return value.ciphertext
        plain, ring = self.dump(value.reveal()), key_ring()
        key_use.notice(ring.current)
        return Ciphertext(ring.seal(plain, column=self.bound_column, row=row))

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Ciphertext):
            return str(value)
        raise TypeError(f"{self.name} is sealed: it is written by save() and cannot be looked up")

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in self.lookups else None

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


class BlindIndexField(_CharField):
    """A keyed digest of a sealed neighbour, so that equal addresses can be found without one.

    `index` takes the neighbour's plain value and the instance and answers the digest, or None
    where the value cannot be used as an address. Every save computes it anew, as it may depend on
    other columns too; `save(update_fields=...)` must name it, `update()` does not compute it.
    """

    def __init__(
        self,
        *args: Any,
        source: str = "",
        index: Callable[[str, Any], str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        self.source, self.index = source, index
        kwargs.update(max_length=64, null=True, editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"], kwargs["null"], kwargs["editable"]
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.source)
        if self.index is None:
            return getattr(model_instance, self.attname)
        try:
            index = None if value is None else self.index(value.reveal(), model_instance)
        except Undecryptable:
            return getattr(model_instance, self.attname)
        setattr(model_instance, self.attname, index)
        return index
