"""The crew: the gateway's own processes, each of which can be killed and started again."""

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

    @property
    def workers(self) -> list[str]:
        return [name for name in self._members if name not in SERVANTS]

    def start_all(self, workers: Iterable[str]) -> None:
        self.start(*SERVANTS, *workers)

    def start(self, *names: str) -> None:
        for name in names:
            command = SERVANTS.get(name)
            born = self._of_servants.bear(command) if command else self._of_workers.bear("worker")
            self._members[name] = born
            self._down.discard(name)

    def kill(self, *names: str) -> int:
        """SIGKILL to each and to its children: they have time for nothing. Answers how many were
        alive."""
        alive = [name for name in names if not self._members[name].has_ended]
        self._down.update(names)
        for name in names:
            self._members[name].kill()
        return len(alive)

    def dismiss(self, name: str) -> None:
        """Kills it, and knows nothing of it any more."""
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

    def disband(self) -> None:
        self.kill(*self._members)
