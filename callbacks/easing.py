"""How many callbacks a lane has in the air at a time: fewer where its host says it is too much."""

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from callbacks.lanes import Lane
from callbacks.tries import Told
from gateway_project.lib.shares import part_of

MOST = 64
"""Of one `worker` command."""
MOST_ROOMS = 1000
"""That a process remembers."""
TOO_MUCH = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Room:
    """Halved whenever the host says so, down to one; as many acknowledgements as there are places
    give one place back. So what an outage has held up is told as fast as Smartico takes it.
    """

    def __init__(self) -> None:
        self._most = self._places = float(part_of(MOST))

    @property
    def places(self) -> int:
        return int(self._places)

    def learn(self, told: Sequence[Told]) -> None:
        """From what came of the tries that ended together."""
        if any(one.verdict.http_status in TOO_MUCH for one in told):
            self._places = max(1.0, self._places / 2)
        else:
            heard = sum(one.is_heard for one in told)
            self._places = min(self._most, self._places + heard / self._places)


@lru_cache(maxsize=MOST_ROOMS)
def room_of(lane: Lane) -> Room:
    """With what this process has learnt of the lane, unless it has not asked for long."""
    return Room()
