"""The crew: the gateway's own processes, each of which can be killed and started again."""

import threading
from collections.abc import Iterable

from gateway_project.operations.drill.nursery import Foundling, Nursery

WEB, SCHEDULER = "web", "scheduler"
SERVANTS = {WEB: "serve", SCHEDULER: "scheduler"}
"""Their commands. Everybody else is a worker."""


class Crew:
    """Processes by name. The workers come from a nursery of their own: so do their wires."""

    def __init__(self, of_workers: Nursery, of_servants: Nursery) -> None:
        self._of_workers, self._of_servants = of_workers, of_servants
        self._members: dict[str, Foundling] = {}
        self._down: set[str] = set()
        self._changing = threading.RLock()
        """Nobody is to be found dead between the death that was meant and the new life."""

    @property
    def workers(self) -> list[str]:
        return [name for name in self._members if name not in SERVANTS]

    def start_all(self, workers: Iterable[str]) -> None:
        self.start(*SERVANTS, *workers)

    def start(self, *names: str) -> None:
        with self._changing:
            for name in names:
                command = SERVANTS.get(name)
                nursery = self._of_servants if command else self._of_workers
                self._members[name] = nursery.bear(command or "worker")
                self._down.discard(name)

    def kill(self, *names: str) -> int:
        """SIGKILL to each and to its children: they have time for nothing. Answers how many were
        alive."""
        with self._changing:
            alive = [name for name in names if not self._members[name].has_ended]
            self._down.update(names)
            for name in names:
                self._members[name].kill()
            return len(alive)

    def dismiss(self, name: str) -> None:
        """Kills it, and knows nothing of it any more."""
        with self._changing:
            self.kill(name)
            del self._members[name]

    def stop(self, name: str) -> None:
        self._members[name].stop()

    def go_on(self, name: str) -> None:
        self._members[name].go_on()

    def ended(self) -> list[str]:
        """Those that ended by themselves, which none is to do."""
        ended = [name for name, member in self._members.items() if member.has_ended]
        return [name for name in ended if name not in self._down]

    def revive(self) -> list[str]:
        """Starts those again that ended by themselves; answers who they are."""
        with self._changing:
            ended = self.ended()
            self.start(*ended)
            return ended

    def disband(self) -> None:
        self.kill(*self._members)
