"""The house that is measured: Gatehouse as it is run, with a database of its own."""

import secrets
from pathlib import Path
from uuid import UUID

from benchmarks import broker
from benchmarks.database import FileDatabase, ServerDatabase
from benchmarks.outside import Outside
from benchmarks.services import Service, free_port, python, run
from gateway_project.keeping import MAKERS

CONFIGURATION = Path(__file__).with_name("house.yaml")
LOOPBACK = "127.0.0.0/8"
SIMULATED_USERS = 50
WAITING = (
    "SELECT (SELECT count(*) FROM messages_app_message WHERE state = 'queued')"
    " + (SELECT count(*) FROM messages_app_message WHERE state = 'sending')"
)
"""Each by an index of its own."""
NUMBER = "SELECT count(*) FROM messages_app_message WHERE id > '{last}'"
"""Ids grow with time."""
NEWEST = "SELECT id FROM messages_app_message ORDER BY id DESC LIMIT 1"
IDS = "SELECT id FROM messages_app_message"
GIVE_UP = (
    "UPDATE messages_app_message SET state = 'failed', due_at = NULL, ended_at = now() "
    "WHERE state IN ('queued', 'sending') RETURNING id"
)
DISPATCHED = "SELECT started_at FROM messages_app_sendattempt ORDER BY started_at"
DELIVERED = "SELECT count(*) FROM messages_app_statusevent WHERE status = 'delivered'"


class House:
    """On a database server with a broker; without a URL on the embedded default."""

    def __init__(self, directory: Path, database_url: str | None, outside: Outside) -> None:
        self.directory, self.outside = directory, outside
        self._url = database_url
        self._database = (
            ServerDatabase(database_url)
            if database_url
            else FileDatabase(directory / "gatehouse.sqlite3")
        )
        self._last_of_past = UUID(int=0)
        self.queue = f"bench-{secrets.token_hex(3)}"
        self.port = free_port()
        self.authorization = secrets.token_urlsafe(24)
        self.log = directory / "log"
        directory.mkdir(exist_ok=True)
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        """All that its processes are to be told."""
        return {
            "DATABASE_URL": self._url or "",
            "BROKER_URL": broker.OURS if self._url else "",
            **{name: make() for name, make in MAKERS.items()},
            "BROKER_QUEUE": self.queue,
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
            "BENCH_SIMULATED_AUTHORIZATION": secrets.token_urlsafe(24),
            "BENCH_SIMULATED_PORT": str(free_port()),
        }

    @property
    def callback_url(self) -> str:
        return f"{self.outside.smartico_url}/callback"

    def build(self, users: int) -> None:
        self.manage("migrate", "--verbosity=0")
        self.manage("apply_config", str(CONFIGURATION))
        self.fill("users", "bench", str(users))
        self.fill("users", "simulated", str(SIMULATED_USERS))

    def leave(self) -> None:
        """Nothing of it stays in the broker."""
        if self._url:
            broker.delete_queue(broker.OURS, self.queue)

    def manage(self, *arguments: str) -> str:
        return run(python("manage.py", *arguments), self.environment, self.log)

    def fill(self, *arguments: str) -> str:
        """Has the house filled in its own surroundings: what was printed there."""
        return run(python("-m", "benchmarks.filling", *arguments), self.environment, self.log)

    def web(self) -> Service:
        return self._service("web", "manage.py", "serve", port=self.port)

    def worker(self, name: str = "worker", cap: int | None = None) -> Service:
        """With a cap it has so many calls in the air at most."""
        command = ("manage.py", "worker") if cap is None else ("-m", "benchmarks.capped", str(cap))
        return self._service(name, *command)

    def prune(self) -> Service:
        return self._service("prune", "manage.py", "prune")

    def scheduler(self) -> Service:
        return self._service("scheduler", "manage.py", "scheduler")

    def _service(self, name: str, *command: str, port: int | None = None) -> Service:
        return Service(
            name, python(*command), environment=self.environment, log=self.log, port=port
        )

    def simulation(self, count: int) -> list[str]:
        """The command that plays Smartico against this house."""
        told = {
            "url": f"http://127.0.0.1:{self.port}",
            "authorization": self.environment["BENCH_SIMULATED_AUTHORIZATION"],
            "api-key": self.environment["BENCH_API_KEY"],
            "callback-port": self.environment["BENCH_SIMULATED_PORT"],
            "count": str(count),
            "channel": "sms",
        }
        options = (f"--{name}={value}" for name, value in told.items())
        users = (f"user-{number}" for number in range(SIMULATED_USERS))
        return ["simulate_smartico", *options, "--users", *users]

    def webhook_url(self, channel: str) -> str:
        """Where the provider of the channel reports."""
        return self.fill("webhook", channel).strip().splitlines()[-1]

    def give_past(self, messages: int, users: int) -> None:
        """Messages of the last months and their users, which stay: they are not counted."""
        self.fill("past", str(messages), str(users))
        self._let_pass()

    def forget_messages(self) -> None:
        """As it was before the first one; a past stays, and what has come to it meanwhile, of which
        nothing waits any more."""
        if self._last_of_past.int:
            self._database.rows(GIVE_UP)
            self._let_pass()
        elif isinstance(self._database, ServerDatabase):
            self._database.empty("messages_app_message")
        else:
            self.fill("forget")

    def _let_pass(self) -> None:
        """What there is now belongs to the past."""
        for (newest,) in self._database.rows(NEWEST):
            self._last_of_past = newest

    def messages(self) -> int:
        last = self._last_of_past if self._url else self._last_of_past.hex
        return self._database.number(NUMBER.format(last=last))

    def waiting(self) -> int:
        """How many are still to be sent, or what came of them is still to be written."""
        return self._database.number(WAITING)

    def message_ids(self) -> list[str]:
        return [str(id_) for (id_,) in self._database.rows(IDS)]

    def dispatched_at(self) -> list[float]:
        """When each try left, in this order, in seconds."""
        return [moment.timestamp() for (moment,) in self._database.rows(DISPATCHED)]

    def delivered(self) -> int:
        """How many statuses of a delivery have been recorded."""
        return self._database.number(DELIVERED)
