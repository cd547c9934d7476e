"""The containers that we propose: what they are built from, and what runs in them, run outside."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import connection

from gateway_project.operations.doctor.capacity import opened
from gateway_project.operations.processes import Processes, manage
from tests import services
from tests.operations.surroundings import database_url, free_port, is_ready, wait_until

ROOT = settings.BASE_DIR
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "gatehouse"}
LIVING = ("web", "worker", "scheduler")
GIVEN = {"PUBLIC_URL": "https://gateway.example.com", "ALLOWED_HOSTS": "gateway.example.com"}


def image():
    """The lines of the Dockerfile, those that go on joined."""
    text = (ROOT / "Dockerfile").read_text()
    return [line.split(maxsplit=1) for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]


def environment_of(service, data_dir: Path, **files: str) -> dict[str, str]:
    """What the compose file gives it, but with secrets and a broker that are here."""
    folder = data_dir.parent / "secrets"
    folder.mkdir(exist_ok=True)
    for name, value in files.items():
        (folder / name).write_text(value)
    told = {
        name: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: GIVEN[found[1]], value)
        for name, value in service["environment"].items()
    }
    told = {name: value.replace("/run/secrets", str(folder)) for name, value in told.items()}
    told |= dict.fromkeys(("BROKER_URL", "CACHE_URL"), services.REDIS_URL)
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **told}


@pytest.fixture
def surroundings(transactional_db, tmp_path):
    (tmp_path / "data").mkdir()
    secrets = {
        "database_url": database_url(),
        "secret_key": "x" * 50,
        "pii_keys": settings.PII_KEYS,
        "pii_index_key": settings.PII_INDEX_KEY,
    }
    return environment_of(OURS["web"], tmp_path / "data", **secrets)


def test_hadolint_has_nothing_to_say_about_the_dockerfile():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_runs_as_root_and_nothing_but_the_data_is_written():
    assert ["USER", "10001:10001"] in image()
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["volumes"] == ["data:/var/lib/gatehouse"]


def test_no_secret_is_named_but_as_a_file_that_is_given():
    for service in COMPOSE["services"].values():
        for name in service.get("secrets", ()):
            assert COMPOSE["secrets"][name] == {"file": f"secrets/{name}"}


def test_nothing_of_a_house_gets_into_the_image_or_the_repository():
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {"secrets", ".env", "var", ".git"} <= ignored
    assert {"gatehouse.env", "gatehouse.yaml", "*.csv", "*.ndjson", "*.dump"} <= ignored
    untracked = set((ROOT / ".gitignore").read_text().split())
    assert {"/secrets/", ".env", "/gatehouse.env", "/gatehouse.yaml", "/*.dump"} <= untracked


def test_each_service_waits_for_what_it_needs():
    assert OURS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in LIVING:
        waits = OURS[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert COMPOSE["services"]["broker"]["healthcheck"]


def test_the_database_lets_in_what_seven_cores_may_open():
    told = dict(
        word.split("=") for word in COMPOSE["services"]["database"]["command"] if "=" in word
    )
    kept_for_superusers = 3
    assert opened(web=7, workers=7) <= int(told["max_connections"]) - kept_for_superusers


@pytest.mark.redis
def test_the_services_start_in_their_surroundings_are_healthy_and_end_when_told(surroundings):
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL as DATABASE_URL")
    port = free_port()
    surroundings = surroundings | {"PORT": str(port)}
    assert not any(is_healthy(name, surroundings) for name in LIVING)
    subprocess.run(manage(*OURS["migrate"]["command"]), env=surroundings, check=True)
    processes = Processes({name: manage(*OURS[name]["command"]) for name in LIVING}, surroundings)
    processes.start()
    try:
        for name in LIVING:
            wait_until(lambda name=name: is_healthy(name, surroundings) or processes.ended())
        assert is_ready(port)
        assert processes.ended() == []
    finally:
        processes.stop()
    assert -signal.SIGKILL not in {child.returncode for child in processes._children.values()}


def is_healthy(name: str, surroundings: dict[str, str]) -> bool:
    """Whether the compose file's own check says so."""
    _, python, *words = OURS[name]["healthcheck"]["test"]
    assert shutil.which(python)
    asked = [word.replace(":8000/", f":{surroundings['PORT']}/") for word in words]
    done = subprocess.run(
        [sys.executable, *asked], cwd=ROOT, env=surroundings, capture_output=True, check=False
    )
    return done.returncode == 0
