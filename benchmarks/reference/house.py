"""The usual house: its database, and its processes."""

import secrets
from pathlib import Path

from benchmarks import broker
from benchmarks.database import ServerDatabase
from benchmarks.outside import Outside
from benchmarks.services import Service, free_port, python, run

WAITING = "SELECT count(*) FROM reference_message WHERE state = 'queued'"
PACKAGE = "benchmarks.reference"
GRANIAN = (
    *("-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
    *("--workers", "2", "--blocking-threads", "16", "--log-level", "error", "--host", "127.0.0.1"),
)
"""As many processes and threads as Gatehouse's own server on two cores."""
CELERY = (
    *("-m", "celery", "--app", f"{PACKAGE}.celery", "--quiet", "worker", "--pool", "prefork"),
    *("--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


class UsualHouse:
    def __init__(self, directory: Path, database_url: str, outside: Outside) -> None:
        self._database = ServerDatabase(database_url)
        self.port = free_port()
        self.authorization = secrets.token_urlsafe(24)
        self.queue = f"bench-{secrets.token_hex(3)}"
        self.callback_url = f"{outside.smartico_url}/callback"
        self.log = directory / "log"
        directory.mkdir(exist_ok=True)
        self.environment = {
            "DJANGO_SETTINGS_MODULE": f"{PACKAGE}.settings",
            "USUAL_SECRET_KEY": secrets.token_urlsafe(24),
            "USUAL_DATABASE_URL": database_url,
            "USUAL_AUTHORIZATION": self.authorization,
            "USUAL_PII_KEY": secrets.token_hex(32),
            "USUAL_PROVIDER": outside.provider_url,
            "USUAL_CALLBACK_HOST": outside.smartico_url.partition("//")[2],
            "USUAL_BROKER_URL": broker.USUAL,
            "USUAL_QUEUE": self.queue,
        }

    def build(self, users: int) -> None:
        self._run("django", "migrate", "--run-syncdb", "--verbosity=0")
        self.fill("users", str(users))

    def fill(self, *arguments: str) -> None:
        self._run(f"{PACKAGE}.filling", *arguments)

    def _run(self, module: str, *arguments: str) -> None:
        run(python("-m", module, *arguments), self.environment, self.log)

    def web(self, *, publishes_tasks: bool = False) -> Service:
        command = python(*GRANIAN, "--port", str(self.port), f"{PACKAGE}.wsgi:application")
        own = {"USUAL_PUBLISHES_TASKS": "1" if publishes_tasks else "0"}
        environment = {**self.environment, **own}
        return Service("web", command, environment=environment, log=self.log, port=self.port)

    def worker(self) -> Service:
        return Service("worker", python(*CELERY), environment=self.environment, log=self.log)

    def leave(self) -> None:
        """Nothing of it stays in the broker."""
        broker.delete_queue(broker.USUAL, self.queue)

    def forget_messages(self) -> None:
        self.leave()
        self._database.empty("reference_message")

    def messages(self) -> int:
        return self._database.number("SELECT count(*) FROM reference_message")

    def waiting(self) -> int:
        return self._database.number(WAITING)
