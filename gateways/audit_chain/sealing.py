"""Sealing: entries get their places in the chain a moment after they were written.

An entry is inserted in the transaction of the deed, with a digest of its own, and waits for nobody:
were it to take the chain's last place at once, all deeds of the house would queue behind the
longest, and two that lock other rows besides could wait for each other. The scheduler gives the
places every second, in a short transaction that locks no row. The number is the lock: of two
sealers that mean the same place one is refused by the primary key, and looks again.

Until then an entry is protected by its own digest only: it cannot be changed or made up without the
key, but who is quick and owns the tables could take it out within that second and not be found.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError
from django.db.models import QuerySet

from gateway_project.lib.identifiers import first_id, moment_of
from gateway_project.lib.transactions import writing
from gateways.audit_chain.digests import BEFORE_THE_FIRST, seal_digest
from gateways.models import AuditEntry, AuditSeal

BATCH = 1_000
STRAGGLING = timedelta(hours=1)
"""An entry becomes visible when its transaction ends, maybe after younger ones were sealed."""


class Sealing:
    """A duty of the clock. Its first rounds look at all entries, others near the chain's end."""

    def __init__(self) -> None:
        self._has_looked_at_all = False

    def __call__(self) -> int:
        """Seals a batch, oldest first; answers how many."""
        waiting = unsealed_lately() if self._has_looked_at_all else unsealed()
        if not waiting.exists():
            self._has_looked_at_all = True
            return 0
        return _seal(waiting)


def last_seal() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-number").first()


def unsealed() -> "QuerySet[AuditEntry]":
    return AuditEntry.objects.filter(seal=None)


def unsealed_lately() -> "QuerySet[AuditEntry]":
    """The same without a look at what lies far behind the chain's end."""
    head = last_seal()
    if head is None:
        return unsealed()
    return unsealed().filter(pk__gte=first_id(moment_of(head.entry_id) - STRAGGLING))


def _seal(waiting: "QuerySet[AuditEntry]") -> int:
    try:
        with writing():
            entries = list(waiting.order_by("pk")[:BATCH])
            AuditSeal.objects.bulk_create(_seals(entries, last_seal()))
    except IntegrityError:
        return 0
    return len(entries)


def _seals(entries: Sequence[AuditEntry], head: AuditSeal | None) -> list[AuditSeal]:
    last, previous = (head.number, head.digest) if head else (0, BEFORE_THE_FIRST)
    seals = []
    for number, entry in enumerate(entries, start=last + 1):
        previous = seal_digest(previous, number, entry.pk, entry.digest)
        seals.append(AuditSeal(number=number, entry_id=entry.pk, digest=previous))
    return seals
