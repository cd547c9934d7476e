"""Every table with sealed columns, whichever app declares it, and which keys its values need."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from gateway_project.lib.fields import SealedTextField


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A model and its sealed columns."""

    model: type[models.Model]
    columns: tuple[SealedTextField, ...]

    @property
    def name(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def key(self) -> "models.Field[Any, Any]":
        return self.model._meta.pk

    @property
    def rows(self) -> "models.QuerySet[models.Model]":
        return self.model._base_manager.all()

    def stale(self, key_id: str) -> "models.QuerySet[models.Model]":
        """The rows with a value that is not sealed with this key, by primary key."""
        others = (~_is_sealed_with(column, key_id) for column in self.columns)
        return self.rows.filter(reduce(or_, others)).order_by("pk")

    def count_by_key(self, key_ids: Sequence[str]) -> dict[str, int]:
        """How many rows hold a value of each of these keys. Reads the whole table, once."""
        counts = {
            f"n{n}": Count(
                Value(1), filter=reduce(or_, (_is_sealed_with(c, key_id) for c in self.columns))
            )
            for n, key_id in enumerate(key_ids)
        }
        found = self.rows.aggregate(**counts)
        return {key_id: found[f"n{n}"] for n, key_id in enumerate(key_ids)}


def sealed_tables() -> list[SealedTable]:
    """All of them, in the order of the apps."""
    return [
        SealedTable(model, columns)
        for model in apps.get_models()
        if not model._meta.proxy and (columns := _sealed_columns(model))
    ]


def _sealed_columns(model: type[models.Model]) -> tuple[SealedTextField, ...]:
    own = model._meta.local_concrete_fields
    return tuple(column for column in own if isinstance(column, SealedTextField))


def _is_sealed_with(column: SealedTextField, key_id: str) -> Q:
    """Neither true nor false of null."""
    mark = f"{key_id}$"
    return Q(Exact(Left(F(column.attname), len(mark)), Value(mark)))
