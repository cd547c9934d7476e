"""How the audit stands: what its last verification found. That is an entry itself."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways.audit_chain.digests import is_genuine
from gateways.audit_chain.sealing import last_seal, unsealed_lately
from gateways.audit_chain.verifying import WHOLE, Walk
from gateways.auditing import record
from gateways.models import Action, AuditEntry

logger = logging.getLogger(__name__)

ACTOR = "scheduler"
EVERY = timedelta(days=1)
REST_SECONDS = 60.0
LATE = timedelta(minutes=5)
"""The scheduler seals every second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`problem` is empty where the chain was whole."""

    at: datetime
    by: str
    count: int
    head: str
    problem: str

    @property
    def is_whole(self) -> bool:
        return not self.problem


def last_verification() -> Standing | None:
    """The last one that somebody with the key has written; None where there is none."""
    found = AuditEntry.objects.filter(action=Action.VERIFIED).order_by("-at")
    entry = next(filter(is_genuine, found[:10]), None)
    if entry is None:
        return None
    return Standing(
        at=entry.at,
        by=entry.actor_name,
        count=int(entry.changes.get("entries", 0)),
        head=str(entry.changes.get("head", "")),
        problem="" if entry.changes.get("found") == WHOLE else entry.reason,
    )


def waits_since(now: datetime) -> datetime | None:
    """Since when an entry waits to be sealed that should have been long ago."""
    late = unsealed_lately().filter(at__lt=now - LATE).order_by("pk")
    return late.values_list("at", flat=True).first()


def conclude(walk: Walk, actor: str) -> None:
    """Writes down what a verification has found, in the log, too: a digest that is kept there is
    out of reach of who has the database alone."""
    found = WHOLE if walk.is_whole else f"{walk.faults:,} faults"
    changes = {"entries": walk.count, "head": walk.head, "found": found}
    with writing():
        record(actor, Action.VERIFIED, AuditEntry, changes=changes, reason=str(walk.first or ""))
    if walk.is_whole:
        logger.info("the audit is whole: %d entries, head %s", walk.count, walk.head)
    else:
        logger.error("the audit is not as it was written: %s", walk.first)


class Verification:
    """A duty of the clock: once a day the whole chain, a batch at every tick."""

    def __init__(self) -> None:
        self._walk = Walk()
        self._steps: Iterator[int] | None = None
        self._began_at = datetime.min
        self._rests_until = -math.inf

    def __call__(self) -> int:
        """Answers how many entries were looked at."""
        if self._steps is None and not self._begin():
            return 0
        looked_at = next(self._steps or iter(()), None)
        if looked_at is None:
            self._steps = None
            self._conclude()
        return looked_at or 0

    def _begin(self) -> bool:
        if time.monotonic() < self._rests_until:
            return False
        self._rests_until = time.monotonic() + REST_SECONDS
        last, now = last_verification(), database_now()
        if last_seal() is None or (last is not None and last.at > now - EVERY):
            return False
        self._walk, self._began_at = Walk(), now
        self._steps = self._walk.steps()
        return True

    def _conclude(self) -> None:
        """What another clock has found meanwhile is not said twice."""
        last = last_verification()
        if last is None or last.at < self._began_at or last.is_whole != self._walk.is_whole:
            conclude(self._walk, ACTOR)
