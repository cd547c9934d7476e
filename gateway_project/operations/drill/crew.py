"""The crew: the gateway's own processes, each of which can be killed and started again."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway_project.operations.drill.nursery import Foundling, Nursery
from gateway_project.operations.processes import Processes, manage

WEB, SCHEDULER = "web", "scheduler"


class Crew:
    """Processes by name. All write to one log."""

    def __init__(self, nursery: Nursery, environment: Mapping[str, str], log: Path) -> None:
        self._nursery = nursery
        self._servants = {
            name: Processes({name: manage(command)}, environment, log)
            for name, command in ((WEB, "serve"), (SCHEDULER, "scheduler"))
        }
        self._workers: dict[str, Foundling] = {}
        self._down: set[str] = set()

    @property
    def workers(self) -> list[str]:
        return list(self._workers)

    def start_all(self, workers: Iterable[str]) -> None:
        self.start(*self._servants, *workers)

    def start(self, *names: str) -> None:
        for name in names:
            if name in self._servants:
                self._servants[name].start()
            else:
                self._workers[name] = self._nursery.bear()
            self._down.discard(name)

    def kill(self, *names: str) -> None:
        """SIGKILL to each and to its children: they have time for nothing."""
        self._down.update(names)
        for name in names:
            member = self._servants.get(name) or self._workers[name]
            member.kill()

    def ended(self) -> list[str]:
        """Those that ended by themselves, which none is to do."""
        servants = [name for name, servant in self._servants.items() if servant.ended()]
        workers = [name for name, worker in self._workers.items() if worker.has_ended]
        return [name for name in servants + workers if name not in self._down]

    def disband(self) -> None:
        self.kill(*self._servants, *self._workers)
