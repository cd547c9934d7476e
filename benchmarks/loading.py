"""The load: wrk, which costs a tenth of what it measures."""

import json
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).with_name("load")
MISSING = "wrk is not installed (Debian: apt-get install wrk)"


class Invalid(Exception):
    """What was measured is not what was meant: the figure does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the clients saw. `requests` were answered; some more may have been under way."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def figures(self) -> dict[str, float]:
        rate = self.requests / self.seconds
        return {"rate": rate, "p50_ms": self.p50_ms, "p99_ms": self.p99_ms}

    def check(self, rows: int, connections: int) -> None:
        """Each answered request left a row: those with another answer than 0 leave none. Of each
        connection's last request, and of the last one before the load, the answer is not known."""
        if self.errors or not 0 < self.requests <= rows <= self.requests + 2 * connections:
            raise Invalid(f"{self.requests} answers, {self.errors} errors, {rows} rows")


def installed() -> bool:
    return shutil.which("wrk") is not None


def load(
    script: str, port: int, arguments: Sequence[str], *, seconds: float, connections: int
) -> Load:
    """Requests on so many connections at once, for so long."""
    command = [
        *("wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds:g}s"),
        *("--timeout=30s", f"--script={script}", f"http://127.0.0.1:{port}"),
        *("--", *arguments),
    ]
    told = subprocess.run(  # noqa: S603
        command, cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    return Load(**json.loads(told.stdout.strip().splitlines()[-1]))


def prefix() -> str:
    """The beginning of uids that nobody has used."""
    return f"{secrets.token_hex(4)}-"
