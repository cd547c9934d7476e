"""The processes: web servers with DEBUG off and on, a worker and a scheduler, as they are run."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway_project.operations.processes import manage
from tests.operations.surroundings import (
    descendants,
    environment,
    free_port,
    is_live,
    wait_until,
)


@dataclass(frozen=True, kw_only=True)
class Gatehouse:
    """One gateway that runs, and what it writes."""

    url: str
    url_in_debug: str
    data_dir: Path
    logs: Mapping[str, Path]
    children: Mapping[str, subprocess.Popen[bytes]]

    def command_lines(self) -> str:
        """Of all processes, as anybody on the machine can read them."""
        own = [child.pid for child in self.children.values()]
        family = [one for pid in own for one in (pid, *descendants(pid))]
        return "\n".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in family)


@contextmanager
def running(data_dir: Path, log_dir: Path, **settings: str) -> Iterator[Gatehouse]:
    """A whole gateway that logs all it can, until the block is left."""
    port, port_in_debug = free_port(), free_port()
    usual = environment(data_dir, port, **settings)
    talkative = usual | {"LOG_LEVEL": "DEBUG"}
    in_debug = talkative | {"PORT": str(port_in_debug), "DEBUG": "1"}
    commands = {
        "web": (["serve"], usual),
        "web in DEBUG": (["serve", "--processes", "1"], in_debug),
        "worker": (["worker"], talkative),
        "scheduler": (["scheduler"], talkative),
    }
    logs = {name: log_dir / f"{name}.log" for name in commands}
    children = {
        name: _started(words, surroundings, logs[name])
        for name, (words, surroundings) in commands.items()
    }
    try:
        for each in (port, port_in_debug):
            wait_until(lambda each=each: is_live(each) or _has_ended(children))
        assert not _has_ended(children)
        yield Gatehouse(
            url=f"http://127.0.0.1:{port}",
            url_in_debug=f"http://127.0.0.1:{port_in_debug}",
            data_dir=data_dir,
            logs=logs,
            children=children,
        )
        assert not _has_ended(children)
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait(60)


def _started(
    words: list[str], surroundings: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(manage(*words), env=surroundings, stdout=file, stderr=file)


def _has_ended(children: Mapping[str, subprocess.Popen[bytes]]) -> bool:
    return any(child.poll() is not None for child in children.values())
