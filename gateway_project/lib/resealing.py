"""Sealing anew, under the ring's first key, what its other keys have sealed.

The key's id in a value says what is still to be done, so a walk that was broken off is begun again
without a trace of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway_project.lib.crypto import KeyRing, Undecryptable
from gateway_project.lib.fields import SealedTextField
from gateway_project.lib.sealed_tables import SealedTable
from gateway_project.lib.swapping import Change, swap


@dataclass(frozen=True, slots=True)
class Damage:
    """A value that no key of the ring opens: where it stands, never what it is."""

    table: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of the rows of one batch. Missed are those that somebody else held or changed."""

    seen: int
    changed: int
    missed: int
    by_key: Mapping[str, int]
    """How many of the rows each key of before was needed for."""
    damages: tuple[Damage, ...]


def reseal(table: SealedTable, ring: KeyRing, batch: int) -> Iterator[Resealed]:
    """One walk through what is stale in the table, in the order of its primary key."""
    names = [table.key.attname, *_names(table)]
    stale = table.stale(ring.current)
    rows = list(stale.values_list(*names)[:batch])
    while rows:
        yield _reseal_batch(table, ring, rows)
        rows = list(stale.filter(pk__gt=rows[-1][0]).values_list(*names)[:batch])


def _names(table: SealedTable) -> list[str]:
    """For each sealed column itself, and the columns that name its row."""
    return [
        name
        for column in table.columns
        for name in (column.attname, *(bound.attname for bound in column.binding))
    ]


def _reseal_batch(table: SealedTable, ring: KeyRing, rows: Sequence[tuple[Any, ...]]) -> Resealed:
    damages: list[Damage] = []
    changes = [change for row in rows if (change := _reseal_row(table, ring, row, damages))]
    changed = swap(table, changes) if changes else 0
    return Resealed(
        seen=len(rows),
        changed=changed,
        missed=len(changes) - changed,
        by_key=Counter(key_id for change in changes for key_id in _keys_of(change, ring)),
        damages=tuple(damages),
    )


def _reseal_row(
    table: SealedTable, ring: KeyRing, row: Sequence[Any], damages: list[Damage]
) -> Change | None:
    """What to write of the row; nothing where none of its stale values opens."""
    key, values = row[0], iter(row[1:])
    before, after = [], []
    for column in table.columns:
        old, *named = islice(values, 1 + len(column.binding))
        before.append(old)
        try:
            after.append(_anew(ring, column, old, named))
        except Undecryptable:
            after.append(old)
            damages.append(Damage(table.name, str(key), str(column.column)))
    return (key, before, after) if before != after else None


def _keys_of(change: Change, ring: KeyRing) -> set[str]:
    _, before, _ = change
    return {value.partition("$")[0] for value in before if value} - {ring.current}


def _anew(
    ring: KeyRing, column: SealedTextField, old: str | None, named: Sequence[Any]
) -> str | None:
    """The same value under the ring's first key. Raises Undecryptable."""
    if old is None or old.startswith(f"{ring.current}$"):
        return old
    row = column.row_named(named)
    plain = ring.open(old, column=column.bound_column, row=row)
    return ring.seal(plain, column=column.bound_column, row=row)
