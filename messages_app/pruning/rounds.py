"""Rounds of pruning: a batch of everything, by the clock or until nothing is left to do."""

import time
from collections.abc import Callable

from messages_app.pruning.entries import remove_entries
from messages_app.pruning.visits import VISITS
from messages_app.walking import walks


def prune_round(label: str | None = None) -> int:
    """A batch of each walk; answers how many rows were looked at, 0 when nothing is old enough."""
    looked_at = sum(walk.step() for walk in walks(VISITS, label))
    if label is None:
        looked_at += sum(visit.look_again() for visit in VISITS)
    return looked_at + remove_entries(label)


def prune_all(label: str | None = None, tell: Callable[[int], None] = lambda done: None) -> int:
    """Rounds until nothing is left to do; answers how many rows were looked at.

    It rests after each round for as long as that took: nobody waits for its locks, but processors
    and disk are the house's, which goes on accepting.
    """
    done, began = 0, time.monotonic()
    while looked_at := prune_round(label):
        done += looked_at
        tell(done)
        time.sleep(time.monotonic() - began)
        began = time.monotonic()
    return done
