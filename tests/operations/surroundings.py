"""What real processes of the gateway need to run inside a test, and how to look at them."""

import json
import os
import secrets
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from django.db import connection

PATIENCE_SECONDS = 60
PORTS = range(20_000, 32_000, 3)


def database_url() -> str:
    """The test run's own database, as the processes are told about it."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    password = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    place = f"{values['HOST'] or '127.0.0.1'}:{values['PORT'] or 5432}"
    return f"postgres://{values['USER']}{password}@{place}/{values['NAME']}"


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """The surroundings of a process: this one's, with a data directory and a port of its own."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "gateway_project.settings",
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        **more,
    }


def free_port() -> int:
    """A port that two more free ones follow. None of those that the system hands out itself: of
    them any test beside this one may be given the next."""
    while True:
        port = secrets.choice(PORTS)
        if all(_is_free(port + n) for n in range(PORTS.step)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when the condition holds; looks often."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds} s in vain")


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(json.load(answer)["status"] in ("ready", "degraded"))
    except (OSError, ValueError):
        return False


def is_live(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def children(pid: int) -> dict[str, int]:
    """The direct children of a process by the management command they run."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found[words[2] if len(words) > 2 else words[0]] = int(entry.name)
    return found


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    return [one for child in children(pid).values() for one in (child, *descendants(child))]
