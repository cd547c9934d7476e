"""What processes use: processor time and memory, as Linux tells of them under /proc."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.services import Service

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
DATABASE = "postgres"


class Usage:
    """From its making on: `figures` tells of each service the share of a core that it took, what
    that is for each message, and the memory that it holds now; of the database server's processes,
    which all are told of together, no memory."""

    def __init__(self, *services: Service) -> None:
        self._services = services
        self._began, self._at_first = time.monotonic(), self._worked()

    def figures(self, messages: int) -> dict[str, float]:
        took, found = time.monotonic() - self._began, {}
        for name, worked in self._worked().items():
            seconds = worked - self._at_first[name]
            found[f"{name}.cpu"] = seconds / took
            found[f"{name}.cpu_ms"] = seconds * 1000 / max(1, messages)
        return {**found, **memory(*self._services)}

    def _worked(self) -> Mapping[str, float]:
        own = {each.name: sum(map(processor_seconds, family(each.pid))) for each in self._services}
        return {**own, DATABASE: sum(map(processor_seconds, called(DATABASE)))}


def memory(*services: Service) -> dict[str, float]:
    """In MB: all that a service's processes hold. RSS counts pages that they share in each of them,
    PSS counts those once."""
    held = {}
    for each in services:
        held[f"{each.name}.rss_mb"] = sum(map(resident_mb, family(each.pid)))
        held[f"{each.name}.pss_mb"] = sum(map(proportional_mb, family(each.pid)))
    return held


def family(pid: int) -> Iterator[int]:
    yield pid
    for child in _children(pid):
        yield from family(child)


def called(name: str) -> Iterator[int]:
    for process in PROC.iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                if (process / "comm").read_text().strip() == name:
                    yield int(process.name)


def processor_seconds(pid: int) -> float:
    """Its own, and that of children that have ended."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def resident_mb(pid: int) -> float:
    return _told_mb(pid, "status", "VmRSS:")


def proportional_mb(pid: int) -> float:
    return _told_mb(pid, "smaps_rollup", "Pss:")


def _told_mb(pid: int, file: str, name: str) -> float:
    with suppress(OSError):
        for line in (PROC / str(pid) / file).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            yield from map(int, (task / "children").read_text().split())
