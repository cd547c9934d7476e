"""The house that is measured: Gatehouse as it is run, with a database of its own."""

import secrets
import sqlite3
from pathlib import Path

import psycopg

from benchmarks.outside import Outside
from benchmarks.services import Service, free_port, python, run
from gateway_project.keeping import MAKERS

CONFIGURATION = Path(__file__).with_name("house.yaml")
BROKER = "redis://127.0.0.1:6379/13"
LOOPBACK = "127.0.0.0/8"
WAITING = "SELECT count(*) FROM messages_app_message WHERE state IN ('queued', 'sending')"
ALL = "SELECT count(*) FROM messages_app_message"
FORGET = "TRUNCATE messages_app_message CASCADE"


class House:
    """On a database server with a broker; without a URL on the embedded default."""

    def __init__(self, directory: Path, database_url: str | None, outside: Outside) -> None:
        self.directory, self.database_url, self.outside = directory, database_url, outside
        self.port = free_port()
        self.authorization = secrets.token_urlsafe(24)
        self.log = directory / "log"
        directory.mkdir()
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        """Whatever is told of another house is left out."""
        server = {"DATABASE_URL": self.database_url, "BROKER_URL": BROKER}
        return {
            **(server if self.database_url else {"DATABASE_URL": "", "BROKER_URL": ""}),
            **{name: make() for name, make in MAKERS.items()},
            "BROKER_QUEUE": f"bench-{secrets.token_hex(3)}",
            "CACHE_URL": "locmemcache://",
            "DATA_DIR": str(self.directory),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "EGRESS_ALLOW": LOOPBACK,
            "DEBUG": "0",
            "BENCH_AUTHORIZATION": self.authorization,
            "BENCH_API_KEY": secrets.token_urlsafe(24),
            "BENCH_PROVIDER": self.outside.provider_url,
            "BENCH_SMARTICO": self.outside.smartico_url,
            "BENCH_CALLBACK": self.callback_url,
        }

    @property
    def callback_url(self) -> str:
        return f"{self.outside.smartico_url}/callback"

    def build(self, users: int) -> None:
        self.manage("migrate", "--verbosity=0")
        self.manage("apply_config", str(CONFIGURATION))
        self.fill("users", str(users))

    def manage(self, *arguments: str) -> None:
        run(python("manage.py", *arguments), self.environment, self.log)

    def fill(self, *arguments: str) -> None:
        run(python("-m", "benchmarks.filling", *arguments), self.environment, self.log)

    def web(self) -> Service:
        return self._service("web", "manage.py", "serve", port=self.port)

    def worker(self, name: str = "worker") -> Service:
        return self._service(name, "manage.py", "worker")

    def scheduler(self) -> Service:
        return self._service("scheduler", "manage.py", "scheduler")

    def _service(self, name: str, *command: str, port: int | None = None) -> Service:
        told = {"environment": self.environment, "log": self.log}
        return Service(name, python(*command), port=port, **told)

    def forget_messages(self) -> None:
        """As it was before the first one; what was written is on the disk."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute(FORGET)
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")
        else:
            self.fill("forget")

    def messages(self) -> int:
        return self._number(ALL)

    def waiting(self) -> int:
        """How many are still to be sent, or what came of them is still to be written."""
        return self._number(WAITING)

    def _number(self, query: str) -> int:
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                row = connection.execute(query).fetchone()
        else:
            with sqlite3.connect(self.directory / "gatehouse.sqlite3", timeout=20) as file:
                row = file.execute(query).fetchone()
        assert row is not None
        return int(row[0])
