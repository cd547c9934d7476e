"""Rotation: everything that is sealed comes under the ring's first key, while the house goes on."""

import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, cast

from django.db.models import QuerySet

from gateway_project.lib import key_use
from gateway_project.lib.alone import alone
from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import KeyRing, key_ring
from gateway_project.lib.resealing import Resealed, reseal
from gateway_project.lib.sealed_tables import SealedTable, sealed_tables
from gateway_project.lib.transactions import writing
from gateways.auditing import record
from gateways.key_usage import note_need, note_use
from gateways.models import Action, KeyTask, UsedKey

ACTOR: Final = "rotate_keys"
WALKS: Final = 10
"""How often what somebody else held is tried again."""
REST_SECONDS: Final = 0.2
TELL_EVERY_SECONDS: Final = 2.0
QUIET: Final = timedelta(seconds=2 * key_use.EVERY_SECONDS)
"""Who was started with another first key has told of it within this time, if it seals at all."""


class NotGivenUp(Exception):
    """The key cannot be given up; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How it stands when a rotation ends."""

    left: dict[str, int]
    """Rows by the key that they are still sealed with, the first key apart."""
    removable: list[str]
    """Keys of the ring that nothing needs any more."""
    still_sealing: list[str]
    """Keys that no row needs, but which a process has sealed with in the last two minutes."""


@contextmanager
def rotation(batch: int) -> Iterator["Rotation"]:
    """Raises AlreadyAtWork where another process rotates."""
    with alone("rotation"):
        yield Rotation(key_ring(), batch)


def count_rows(ring: KeyRing) -> dict[str, dict[str, int]]:
    """Rows by table and key. Reads all sealed tables."""
    key_ids = list(dict.fromkeys([*ring.ids, *_used().values_list("key_id", flat=True)]))
    return {table.name: table.count_by_key(key_ids) for table in sealed_tables()}


def give_up(key_id: str) -> None:
    """Lets the gateway start without a key that is lost. What it sealed stays unreadable."""
    with writing():
        used = _used().select_for_update().filter(key_id=key_id, retired_at=None).first()
        if used is None:
            raise NotGivenUp("No such key is in use.")
        if key_id in key_ring().ids:
            raise NotGivenUp("It is on the ring, and so not lost.")
        used.retired_at = database_now()
        used.save(update_fields=["retired_at"])
        record(ACTOR, Action.ROTATED, used, changes={"given up": key_id})


class Rotation:
    """One run, from the first count to the last. It may be broken off anywhere."""

    def __init__(self, ring: KeyRing, batch: int) -> None:
        self._ring, self._batch = ring, batch
        self._left: Counter[str] = Counter()
        self._told_at = time.monotonic()
        self.changed = 0

    def begin(self) -> int:
        """Counts, and answers how many rows there are to seal anew."""
        self._left = self._count_others()
        note_use(self._ring.current)
        note_need(key_id for key_id, count in self._left.items() if count)
        self._tell_counts()
        self._record({"to": self._ring.current, "begins with rows of": _without_zeros(self._left)})
        return sum(table.stale(self._ring.current).count() for table in sealed_tables())

    def walk(self) -> Iterator[Resealed]:
        """Goes through all tables, and again through those where a row was held or changed.

        Damages are told of at the first time only.
        """
        tables = yield from self._walk_once(sealed_tables())
        for _ in range(WALKS):
            if tables:
                time.sleep(REST_SECONDS)
                tables = yield from self._again(tables)

    def conclude(self) -> Conclusion:
        """Counts again, and retires the keys that nothing needs."""
        self._left = self._count_others()
        self._tell_counts()
        with writing():
            unneeded = [used for used in _in_use_beside(self._ring) if not self._left[used.key_id]]
            now = database_now()
            quiet = [used for used in unneeded if used.last_used_at < now - QUIET]
            UsedKey.objects.filter(pk__in=[used.pk for used in quiet]).update(retired_at=now)
            retired = _used().filter(key_id__in=self._ring.ids, retired_at__isnull=False)
            conclusion = Conclusion(
                left=_without_zeros(self._left),
                removable=list(retired.values_list("key_id", flat=True)),
                still_sealing=[used.key_id for used in unneeded if used not in quiet],
            )
            self._record(
                {
                    "to": self._ring.current,
                    "rows sealed anew": self.changed,
                    "rows left of": conclusion.left,
                    "retired": [used.key_id for used in quiet],
                }
            )
        return conclusion

    def _walk_once(
        self, tables: Iterable[SealedTable]
    ) -> Generator[Resealed, None, list[SealedTable]]:
        """Answers the tables in which something was missed."""
        missed: dict[str, SealedTable] = {}
        for table in tables:
            for done in reseal(table, self._ring, self._batch):
                self._note(done)
                if done.missed:
                    missed[table.name] = table
                yield done
        return list(missed.values())

    def _again(self, tables: Iterable[SealedTable]) -> Generator[Resealed, None, list[SealedTable]]:
        walk = self._walk_once(tables)
        while True:
            try:
                yield replace(next(walk), damages=())
            except StopIteration as end:
                return cast("list[SealedTable]", end.value)

    def _note(self, done: Resealed) -> None:
        self.changed += done.changed
        self._left.subtract(done.by_key)
        if time.monotonic() - self._told_at > TELL_EVERY_SECONDS:
            self._tell_counts()

    def _tell_counts(self) -> None:
        """For the pages that show how far it has come."""
        self._told_at, now = time.monotonic(), database_now()
        with writing():
            for key_id, count in sorted(self._left.items()):
                _used().filter(key_id=key_id).update(rows_left=max(0, count), counted_at=now)

    def _count_others(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for counts in count_rows(self._ring).values():
            total.update(counts)
        del total[self._ring.current]
        return total

    def _record(self, changes: dict[str, Any]) -> None:
        record(ACTOR, Action.ROTATED, UsedKey, changes=changes)


def _used() -> "QuerySet[UsedKey]":
    return UsedKey.objects.filter(task=KeyTask.SEALS).order_by("pk")


def _in_use_beside(ring: KeyRing) -> list[UsedKey]:
    in_use = _used().filter(retired_at=None).exclude(key_id=ring.current)
    return list(in_use.select_for_update())


def _without_zeros(counts: Mapping[str, int]) -> dict[str, int]:
    return {key_id: count for key_id, count in counts.items() if count}
