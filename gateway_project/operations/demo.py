"""The demo's house: sample data, secrets of its own, and the file that tells scripts about it."""

import csv
import json
import os
import secrets
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from gateway_project.operations.processes import manage

CONFIGURATION = settings.BASE_DIR / "deploy" / "demo.yaml"
USERS = settings.BASE_DIR / "deploy" / "demo_users.csv"
LABEL = "amazing"
ADMIN = "admin"

SECRETS = (
    "DEMO_AUTHORIZATION",
    "DEMO_AUTHORIZATION_OF_BRAND_B",
    "DEMO_PLATFORM_KEY",
    "DEMO_STATUS_KEY",
    "DEMO_API_KEY",
    "DEMO_ADMIN_PASSWORD",
)
LOOPBACK = "127.0.0.0/8,::1,localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """One demo under one data directory."""

    data_dir: Path
    port: int
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def callback_port(self) -> int:
        return self.port + 1

    @property
    def simulation_port(self) -> int:
        return self.port + 2

    @property
    def file(self) -> Path:
        return self.data_dir / "demo.json"

    def environment(self) -> dict[str, str]:
        """What the demo's processes find in their environment."""
        return {
            "EGRESS_ALLOW": LOOPBACK,
            "ENVIRONMENT": "demo",
            **os.environ,
            **self.secrets,
            "DEMO_CALLBACK_PORT": str(self.callback_port),
            "DEMO_SIMULATION_PORT": str(self.simulation_port),
        }

    def refuse_taken_ports(self) -> None:
        for port in (self.port, self.callback_port):
            if _is_taken(port):
                raise CommandError(
                    f"Port {port} is taken. Another demo? Choose one: make demo PORT=9000"
                )

    def set_up(self) -> None:
        """Creates what is missing; what is there is left as it is."""
        self.forget()
        self._manage("migrate", "--verbosity=0")
        self._manage("apply_config", str(CONFIGURATION))
        self._manage("import_users", str(USERS), "--label", LABEL)
        self._let_the_admin_in()

    def _manage(self, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603  our own commands
            manage(*arguments),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")

    def _let_the_admin_in(self) -> None:
        password = self.secrets["DEMO_ADMIN_PASSWORD"]
        people = get_user_model().objects
        admin = people.filter(username=ADMIN).first()
        if admin is None:
            people.create_superuser(ADMIN, password=password)
        elif not admin.check_password(password):
            admin.set_password(password)
            admin.save(update_fields=["password"])

    def facts(self) -> dict[str, Any]:
        """What a person or a script needs to use the demo."""
        ordinary, magic = sample_users()
        return {
            "url": self.url,
            "admin": {"user": ADMIN, "password": self.secrets["DEMO_ADMIN_PASSWORD"]},
            "authorization": self.secrets["DEMO_AUTHORIZATION"],
            "authorization_of_brand_b": self.secrets["DEMO_AUTHORIZATION_OF_BRAND_B"],
            "platform_key": self.secrets["DEMO_PLATFORM_KEY"],
            "status_api_key": self.secrets["DEMO_STATUS_KEY"],
            "label": LABEL,
            "ext_user_ids": ordinary,
            "magic_ext_user_ids": magic,
            "callback": {
                "url": f"http://127.0.0.1:{self.callback_port}/callback",
                "api_key": self.secrets["DEMO_API_KEY"],
            },
            "simulation_port": self.simulation_port,
        }

    def write(self) -> None:
        """Writes the facts where scripts wait for them: whole or not at all, for the owner only."""
        _write_privately(self.file, self.facts())

    def forget(self) -> None:
        """Takes the facts away: they are there only while they are true."""
        self.file.unlink(missing_ok=True)


def open_demo() -> Demo:
    """The demo of the settings, with its kept secrets, made at the first call."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    path = settings.DATA_DIR / "keys" / "demo.json"
    kept = json.loads(path.read_text()) if path.is_file() else {}
    values = {name: os.environ.get(name) or kept.get(name) or _new() for name in SECRETS}
    if values != kept:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_privately(path, values)
    return Demo(data_dir=settings.DATA_DIR, port=settings.PORT, secrets=values)


def sample_users() -> tuple[list[str], dict[str, str]]:
    """The ordinary users who have both addresses, and the others by their word for the sandbox."""
    with USERS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    reachable = [row for row in rows if row["email"] and row["phone"]]
    ordinary = [row["ext_user_id"] for row in reachable if not row["sandbox"]]
    return ordinary, {row["sandbox"]: row["ext_user_id"] for row in rows if row["sandbox"]}


def _new() -> str:
    return secrets.token_urlsafe(24)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _write_privately(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
