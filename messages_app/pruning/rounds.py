"""Rounds of pruning: a batch of everything, by the clock or until nothing is left to do."""

import time
from collections.abc import Callable

from messages_app.models import PruneStage
from messages_app.pruning.entries import remove_entries
from messages_app.pruning.walking import look_again, walks

REST_SECONDS = 60.0
"""Between two rounds of the clock when the last one has found nothing."""


def prune_round(label: str | None = None) -> int:
    """A batch of each walk; answers how many rows were looked at, 0 when nothing is old enough."""
    looked_at = sum(walk.step() for walk in walks(label))
    if label is None:
        looked_at += sum(look_again(stage) for stage in PruneStage)
    return looked_at + remove_entries(label)


def prune_all(label: str | None = None, tell: Callable[[int], None] = lambda done: None) -> int:
    """Rounds until nothing is left to do; answers how many rows were looked at."""
    done = 0
    while looked_at := prune_round(label):
        done += looked_at
        tell(done)
    return done


class Pruning:
    """The clock's duty: a round at every tick while there is work, and now and then without."""

    def __init__(self) -> None:
        self._rests_until = 0.0

    def __call__(self) -> int:
        if time.monotonic() < self._rests_until:
            return 0
        done = prune_round()
        if not done:
            self._rests_until = time.monotonic() + REST_SECONDS
        return done
