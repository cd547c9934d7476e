"""The realistic house behind a web server of its own, apart from the tests' database."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.operations.surroundings import free_port, is_ready, wait_until

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where it is, the pages by their routes, how an administrator gets in, and what to look at."""

    url: str
    session: str = field(repr=False)
    paths: Mapping[str, str]
    message: str
    ext_user_id: str

    def cookie(self) -> dict[str, Any]:
        return {"name": "sessionid", "value": self.session, "url": self.url}


@contextmanager
def served(data_dir: Path, **settings: str) -> Iterator[Served]:
    """Builds the house under an empty directory and serves it until the block is left."""
    port = free_port()
    surroundings = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        **settings,
    }
    facts = json.loads(_run(surroundings, "-m", "tests.realistic"))
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, env=surroundings
    )
    try:
        wait_until(lambda: is_ready(port) or server.poll() is not None)
        yield Served(url=f"http://127.0.0.1:{port}", **facts)
    finally:
        server.terminate()
        server.wait()


def _run(surroundings: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(surroundings),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
