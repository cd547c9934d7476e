"""Verifying: a walk along the whole chain, in constant memory, that names what is not as it was."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gateways.audit_chain.digests import BEFORE_THE_FIRST, is_genuine, seal_digest
from gateways.audit_chain.sealing import unsealed
from gateways.models import Action, AuditEntry, AuditSeal

BATCH = 1_000
WHOLE = "whole"
"""What a verification writes down where it has found nothing."""


class Fault(StrEnum):
    """What is wrong at a place."""

    CHANGED = "was changed, or made up by somebody without the key"
    TAKEN_OUT = "was taken out"
    GAP = "and those behind it up to the next were taken out, with their places"
    MOVED = "is not the one that was sealed in this place, or the place before it is not"
    REWRITTEN = "tells of another chain before it: that was put together anew"
    CUT_OFF = "is nowhere in the chain: entries were cut off, or it is another house's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`number` is the place, 0 where an entry has none yet; `entry_id` its id where it is known."""

    fault: Fault
    number: int = 0
    entry_id: UUID | None = None
    kept: str = ""

    def __str__(self) -> str:
        if self.fault == Fault.CUT_OFF:
            return f"The kept digest {self.kept} {self.fault}."
        place = f"number {self.number:,}" if self.number else "not sealed yet"
        what = f"Entry {self.entry_id} ({place})" if self.entry_id else f"Entry {place}"
        return f"{what} {self.fault}."


class Walk:
    """One verification. `kept` are digests of the chain's end that were written down elsewhere: one
    that is met in a whole chain says that everything up to it is as it was then.
    """

    def __init__(self, kept: Collection[str] = ()) -> None:
        self._kept = set(kept)
        self.count = 0
        """Places in the chain so far, and the number of the last one."""
        self.head = BEFORE_THE_FIRST
        self.waiting = 0
        """Entries that have no place yet."""
        self.waits_since: datetime | None = None
        self.met: dict[str, int] = {}
        """Kept digests, and the places at which they were met."""
        self.faults = 0
        self.first: Finding | None = None

    def steps(self) -> Iterator[int]:
        """Goes on by a batch, and answers how many entries that was."""
        while seals := self._next():
            entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in seals])
            for seal in seals:
                self._look(seal, entries.get(seal.entry_id))
            yield len(seals)
        yield from self._look_at_the_waiting()
        for digest in sorted(self._kept - self.met.keys()):
            self._note(Finding(fault=Fault.CUT_OFF, kept=digest))

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def _next(self) -> list[AuditSeal]:
        return list(AuditSeal.objects.filter(number__gt=self.count).order_by("number")[:BATCH])

    def _look(self, seal: AuditSeal, entry: AuditEntry | None) -> None:
        is_behind_a_gap = seal.number != self.count + 1
        if is_behind_a_gap:
            self._note(Finding(fault=Fault.GAP, number=self.count + 1))
        if entry is None:
            self._note_at(seal, Fault.TAKEN_OUT)
        elif not is_genuine(entry):
            self._note_at(seal, Fault.CHANGED)
        elif not is_behind_a_gap and seal.digest != self._expected(seal, entry):
            self._note_at(seal, Fault.MOVED)
        elif not self._is_of_this_chain(entry):
            self._note_at(seal, Fault.REWRITTEN)
        self.count, self.head = seal.number, seal.digest
        if seal.digest in self._kept:
            self.met[seal.digest] = seal.number

    def _expected(self, seal: AuditSeal, entry: AuditEntry) -> str:
        return seal_digest(self.head, seal.number, seal.entry_id, entry.digest)

    def _is_of_this_chain(self, entry: AuditEntry) -> bool:
        """An earlier verification that found it whole says where it ended then."""
        told = entry.changes
        if entry.action != Action.VERIFIED or told.get("found") != WHOLE or not told["head"]:
            return True
        return AuditSeal.objects.filter(number=told["entries"], digest=told["head"]).exists()

    def _look_at_the_waiting(self) -> Iterator[int]:
        for entry in unsealed().order_by("pk").iterator(chunk_size=BATCH):
            self.waiting += 1
            self.waits_since = min(self.waits_since or entry.at, entry.at)
            if not is_genuine(entry):
                self._note(Finding(fault=Fault.CHANGED, entry_id=entry.pk))
        if self.waiting:
            yield self.waiting

    def _note_at(self, seal: AuditSeal, fault: Fault) -> None:
        self._note(Finding(fault=fault, number=seal.number, entry_id=seal.entry_id))

    def _note(self, finding: Finding) -> None:
        self.faults += 1
        self.first = self.first or finding
