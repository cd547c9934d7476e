"""The house of a drill: a database, keys, a queue and a directory of its own.

On a database server it is a schema of its own in the configured database: it takes the very server
and the rights that the gateway has, and is away from every label that is there. Without one it is a
SQLite file of its own. It is torn down when the drill is over.
"""

import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from gateway_project.keeping import MAKERS
from gateway_project.operations.demo import LOOPBACK
from gateway_project.operations.drill import urls

CONFIGURATION = settings.BASE_DIR / "deploy" / "drill.yaml"
PREFIX = "gatehouse_drill_"
CREW_SUFFIX = "_crew"
SECRETS = tuple(
    f"DRILL_{label}_{secret}"
    for label in ("FIRST", "SECOND")
    for secret in ("AUTHORIZATION", "PLATFORM_KEY", "API_KEY")
)
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
PYTHON = {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONUNBUFFERED": "1"}
TAIL_BYTES = 100_000
LAST_WORDS = 3
FATAL = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt|Fault)\b")
"""How the last line of a traceback begins."""
OTHER_SOURCES = ("_FILE", "_COMMAND")


def surroundings(lease_seconds: int) -> dict[str, str]:
    """The environment of a process that lives in a new house; of this one's, whatever is about
    another house is left out."""
    name = f"{PREFIX}{secrets.token_hex(4)}"
    directory = settings.DATA_DIR / "drill" / name
    own = {
        "DATA_DIR": str(directory),
        "DATABASE_URL": _database_url(name, directory),
        "BROKER_URL": settings.BROKER_URL,
        "BROKER_QUEUE": name,
        "CACHE_URL": "locmemcache://",
        "LEASE_SECONDS": str(lease_seconds),
        "EGRESS_ALLOW": LOOPBACK,
        "ENVIRONMENT": "drill",
        **_address(free_port()),
        **{each: make() for each, make in MAKERS.items()},
        **{each: secrets.token_urlsafe(24) for each in SECRETS},
    }
    others = {f"{each}{source}" for each in own for source in OTHER_SOURCES}
    return {each: value for each, value in os.environ.items() if each not in others} | own


def _address(port: int) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "0",
        "DEBUG": "0",
    }


def _database_url(name: str, directory: Path) -> str:
    if settings.EMBEDDED:
        return f"sqlite:///{directory / 'gatehouse.sqlite3'}"
    return urls.in_schema(settings.DATABASE_URL, name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class House:
    """The house in which this process lives."""

    def __init__(self) -> None:
        self.name = settings.DATA_DIR.name
        if not self.name.startswith(PREFIX):
            raise RuntimeError("this process lives in no house of a drill")
        self.directory: Path = settings.DATA_DIR
        self.url = f"http://127.0.0.1:{settings.PORT}"
        self.secrets = {name: os.environ[name] for name in SECRETS}

    @property
    def log(self) -> Path:
        """What all of its processes wrote."""
        return self.directory / "log"

    def last_words(self) -> list[str]:
        """The last lines of the log that say why something ended. A process that dies says so in
        plain words; what is in trouble and goes on logs it as JSON. Who was killed says nothing."""
        with self.log.open("rb") as file:
            left_out = max(0, self.log.stat().st_size - TAIL_BYTES)
            file.seek(left_out)
            lines = file.read().decode(errors="replace").splitlines()[bool(left_out) :]
        plain = [line.strip() for line in lines if line[:1] not in ("{", " ", "")]
        errors = [line for line in plain if FATAL.match(line)]
        return list(dict.fromkeys(errors or plain))[-LAST_WORDS:]

    @property
    def books(self) -> Path:
        """What all had written down in the end."""
        return self.directory / "books.json"

    @property
    def ledger(self) -> Path:
        return self.directory / "sends.sqlite3"

    @property
    def sqlite(self) -> Path | None:
        return Path(str(settings.DATABASES["default"]["NAME"])) if settings.EMBEDDED else None

    @property
    def crew_name(self) -> str:
        """By which the database server knows the crew's connections."""
        return f"{self.name}{CREW_SUFFIX}"

    def build(self, ports: Mapping[str, int]) -> None:
        """Makes tables, labels and gateways, which find their peers at these ports."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not settings.EMBEDDED:
            self._execute(f"CREATE SCHEMA IF NOT EXISTS {self.name}")
        os.environ.update({f"DRILL_{name}_PORT": str(port) for name, port in ports.items()})
        call_command("migrate", verbosity=0)
        call_command("apply_config", str(CONFIGURATION), stdout=StringIO())

    def environment(self, database_port: int | None, broker_port: int | None) -> Mapping[str, str]:
        """What one of the crew finds, whose wires these are."""
        found = {**os.environ, **PYTHON}
        if not settings.EMBEDDED:
            found["DATABASE_URL"] = urls.named(settings.DATABASE_URL, self.crew_name)
        if database_port is not None:
            url = urls.with_address(found["DATABASE_URL"], "127.0.0.1", database_port)
            found["DATABASE_URL"] = url
        if broker_port is not None:
            found["BROKER_URL"] = urls.with_address(settings.BROKER_URL, "127.0.0.1", broker_port)
        return found

    def provider_command(self, port: int, mail_port: int, seed: int) -> list[str]:
        """What starts the provider. Late is when a lost worker's messages have been taken back."""
        module = "gateway_project.operations.drill.provider"
        late = 1.5 * settings.LEASE_SECONDS
        told = map(str, (port, mail_port, self.ledger, seed, late))
        return [sys.executable, "-m", module, *told]

    def terminate_backends(self) -> int:
        """Has the server end every connection of the crew; answers how many there were."""
        with connection.cursor() as cursor:
            cursor.execute(TERMINATE, [self.crew_name])
            return len(cursor.fetchall())

    def purge_queue(self) -> int:
        """Takes every kick out of the broker; answers how many lay there. Nobody may have made the
        queue yet: then none did."""
        from gateway_project.celery import app

        with app.connection_for_write() as broker, suppress(*broker.channel_errors):
            return int(broker.default_channel.queue_purge(settings.BROKER_QUEUE) or 0)
        return 0

    def tear_down(self, *, keeps_log: bool) -> None:
        """Leaves nothing behind but, where they are to be read, the log and the books."""
        if not settings.EMBEDDED:
            self._execute(f"DROP SCHEMA IF EXISTS {self.name} CASCADE")
        connections.close_all()
        if settings.BROKER_URL:
            self._delete_queue()
        for path in self.directory.iterdir():
            if path not in (self.log, self.books) or not keeps_log:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not keeps_log:
            self.directory.rmdir()

    def _delete_queue(self) -> None:
        from gateway_project.celery import app

        with app.connection_for_write() as broker:
            broker.default_channel.queue_delete(settings.BROKER_QUEUE)

    def _execute(self, statement: str) -> None:
        """The name in it is our own: letters and digits."""
        with connection.cursor() as cursor:
            cursor.execute(statement)
