"""The machine, in one line: without it no figure says anything."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.server import DatabaseServer
from benchmarks.services import ROOT

TOLD = ("synchronous_commit", "shared_buffers", "max_wal_size")
"""Of the database server's settings: by these it is as safe, and as fast, as it is."""


def machine(server: DatabaseServer) -> str:
    load = os.getloadavg()[0]
    return ", ".join(
        (
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            f"{os.cpu_count()} x {_from_proc('cpuinfo', 'model name')}",
            f"{int(_from_proc('meminfo', 'MemTotal').split()[0]) / 1024**2:.0f} GB",
            f"{platform.system()} {platform.release()}",
            f"Python {platform.python_version()}",
            server.version,
            *(f"{name} {server.show(name)}" for name in TOLD),
            f"load at the start {load:.2f}",
            f"commit {_commit()}",
        )
    )


def _from_proc(file: str, name: str) -> str:
    for line in (Path("/proc") / file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "0"


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"
