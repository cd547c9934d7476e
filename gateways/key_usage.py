"""Which keys are in use: written down as they seal, and held against the ring at every start.

Nothing is looked for among the data: a start takes as long with a billion rows as with one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway_project.lib.clock import moment
from gateway_project.lib.crypto import index_fingerprint, key_ring
from gateways.models.used_key import KeyTask, UsedKey


class Fault(StrEnum):
    """What is wrong with the keys that were given."""

    MISSING = "missing"
    ANOTHER = "another"
    ANOTHER_INDEX_KEY = "another_index_key"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A key that the data need, and what is wrong with the one that was given in its place."""

    fault: Fault
    key_id: str


def note_use(key_id: str, **_: Any) -> None:
    """Writes down that this key of the ring seals, and which key makes the indexes."""
    ring = key_ring()
    if key_id in ring.ids:
        seals = (KeyTask.SEALS, key_id, ring.fingerprint(key_id))
        _write([seals, (KeyTask.INDEXES, "", index_fingerprint())], "last_used_at", "retired_at")


def note_need(key_ids: Iterable[str]) -> None:
    """Writes down that there are rows which these keys have sealed; others than the ring's are
    left as they are."""
    ring = key_ring()
    found = [id_ for id_ in key_ids if id_ in ring.ids]
    _write([(KeyTask.SEALS, id_, ring.fingerprint(id_)) for id_ in found], "retired_at")


def _write(keys: Iterable[tuple[KeyTask, str, str]], *refreshed: str) -> None:
    now = moment()
    UsedKey.objects.bulk_create(
        [
            UsedKey(
                task=task,
                key_id=key_id,
                fingerprint=fingerprint,
                first_used_at=now,
                last_used_at=now,
            )
            for task, key_id, fingerprint in keys
        ],
        update_conflicts=True,
        unique_fields=["task", "key_id"],
        update_fields=refreshed,
    )


def misfits() -> Iterator[Misfit]:
    """What keeps the gateway from starting. A key's id is not used again for another key."""
    ring = key_ring()
    for used in UsedKey.objects.order_by("pk"):
        if used.task == KeyTask.INDEXES:
            if used.fingerprint != index_fingerprint():
                yield Misfit(Fault.ANOTHER_INDEX_KEY, used.key_id)
        elif used.key_id not in ring.ids:
            if used.retired_at is None:
                yield Misfit(Fault.MISSING, used.key_id)
        elif used.fingerprint != ring.fingerprint(used.key_id):
            yield Misfit(Fault.ANOTHER, used.key_id)
