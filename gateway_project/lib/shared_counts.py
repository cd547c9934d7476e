"""Counts of several processes: each writes into files of its own, whoever asks is told their sum.

What processes that have ended had counted moves into one file of all of them: a sum that falls
would read like a restart, and the files must not pile up.
"""

import fcntl
import logging
import os
import secrets
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

PREFIX = "gatehouse_"
ENDED = "ended"
ROOM = {"counter": 1 << 20, "histogram": 1 << 21}
"""Bytes of each kind of file, taken from the disk at once: a process that writes into a mapped file
for which there is no room any more is killed."""

_shared: Path | None = None


def share(directory: Path) -> None:
    """From now on this process, and those it forks, count in files there. Called before anything
    is counted. Where there is no room for that, a process counts for itself alone."""
    global _shared
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        take_over_ended(directory)
        member = Member(directory)
    except OSError as error:
        logger.error("metrics are not shared: %s", os.strerror(error.errno or 0).lower())
        return
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)  # where the client's files are opened
    values.ValueClass = values.MultiProcessValue(member)
    _shared = directory


class Counts(Collector):
    """What all processes of this machine have counted."""

    def collect(self) -> Iterable[Metric]:
        if _shared is None:
            return [metric for metric in REGISTRY.collect() if metric.name.startswith(PREFIX)]
        return summed(_shared)


def summed(directory: Path) -> Iterable[Metric]:
    """The sums over all files there."""
    with _guarded(directory, fcntl.LOCK_SH):
        files = sorted(str(path) for path in directory.glob("*.db"))
        found: Iterable[Metric] = MultiProcessCollector.merge(files)
        return found


class Member:
    """Names the process that calls it, as no other is named, and holds a locked file of that name:
    the lock goes with the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._names: dict[int, str] = {}
        self()

    def __call__(self) -> str:
        process = os.getpid()  # another one after a fork
        if process not in self._names:
            self._names[process] = self._enter(f"{process}-{secrets.token_hex(4)}")
        return self._names[process]

    def _enter(self, name: str) -> str:
        with _guarded(self._directory, fcntl.LOCK_EX):
            held = os.open(_lock_of(self._directory, name), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)
            for kind, size in ROOM.items():
                _make_room(_file_of(self._directory, kind, name), size)
        return name


def take_over_ended(directory: Path) -> int:
    """Adds up what ended processes had counted, and removes their files; answers how many there
    were."""
    with _guarded(directory, fcntl.LOCK_EX):
        ended = [path.stem for path in directory.glob("*.lock") if not _is_held(path)]
        for kind in ROOM:
            _add_up(directory, kind, ended)
        for name in ended:
            for kind in ROOM:
                _file_of(directory, kind, name).unlink(missing_ok=True)
            _lock_of(directory, name).unlink(missing_ok=True)
    return len(ended)


def _add_up(directory: Path, kind: str, names: list[str]) -> None:
    """Into the file of all that have ended, which is replaced as a whole."""
    if not names:
        return
    sums: defaultdict[str, float] = defaultdict(float)
    kept = _file_of(directory, kind, ENDED)
    for path in (kept, *(_file_of(directory, kind, name) for name in names)):
        for key, value in _counts_in(path):
            sums[key] += value
    fresh = kept.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    _make_room(fresh, ROOM[kind])
    written = MmapedDict(str(fresh))
    for key, value in sums.items():
        written.write_value(key, value, 0.0)
    written.close()
    fresh.replace(kept)


def _counts_in(path: Path) -> Iterator[tuple[str, float]]:
    """None where there is no such file, or its process was killed while it made it."""
    try:
        found = list(MmapedDict.read_all_values_from_file(str(path)))
    except (OSError, RuntimeError, ValueError, struct.error):
        return
    for key, value, _, _ in found:
        yield key, value


def _make_room(path: Path, size: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)


def _is_held(path: Path) -> bool:
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)


@contextmanager
def _guarded(directory: Path, how: int) -> Iterator[None]:
    """Who adds up is alone; those who read do not see a count in two files."""
    file = os.open(directory / "guard", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, how)
        yield
    finally:
        os.close(file)


def _file_of(directory: Path, kind: str, name: str) -> Path:
    return directory / f"{kind}_{name}.db"


def _lock_of(directory: Path, name: str) -> Path:
    return directory / f"{name}.lock"
