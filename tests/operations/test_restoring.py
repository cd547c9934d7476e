"""A backup is restored where there is another ring, or none: nothing starts, nothing is written."""

import shutil
import sqlite3
import subprocess
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project
from django.db import connection

from tests.operations.rings import ANOTHER_A, EMAIL, PHONE, A, B, call, seal_users
from tests.operations.surroundings import database_url

INDEX_KEY = project.PII_INDEX_KEY
OPEN_ONE = (
    "from users.models import EndUser; user = EndUser.objects.last();"
    "print(user.address('email').reveal(), user.address('sms').reveal())"
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def restored(settings, tmp_path):
    """The URL of a database made from a backup: sealed with `b`, some rows with `a`."""
    settings.PII_KEYS = A
    seal_users(2)
    settings.PII_KEYS = f"{B},{A}"
    seal_users(2)
    copy = _by_dump if connection.vendor == "postgresql" else _by_copy
    yield from copy(tmp_path)


def _by_copy(tmp_path):
    path = tmp_path / "restored.sqlite3"
    with sqlite3.connect(connection.settings_dict["NAME"]) as source:
        source.backup(sqlite3.connect(path))
    yield f"sqlite:///{path}"


def _by_dump(tmp_path):
    if not shutil.which("pg_dump"):
        pytest.skip("needs pg_dump")
    name = f"{connection.settings_dict['NAME']}_restored"
    source = urlsplit(database_url())
    target = source._replace(path=f"/{name}").geturl().replace("postgres://", "postgresql://")
    server = target.rpartition("/")[0] + "/postgres"
    dump = tmp_path / "house.dump"
    role = name  # as a house has one: the owner of its database, and no superuser
    drop_role = ["-c", f'DROP ROLE IF EXISTS "{role}"']
    drop = ["psql", "-qw", server, "-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)']
    _run("pg_dump", "-w", "-Fc", "-f", str(dump), source.geturl())
    _run(*drop, *drop_role)
    _run("psql", "-qw", server, "-c", f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{role}'")
    _run("psql", "-qw", server, "-c", f'CREATE DATABASE "{name}" OWNER "{role}"')
    _run("pg_restore", "-w", "--no-owner", "--role", role, "-d", target, str(dump))
    place = f"{role}:{role}@{source.netloc.rpartition('@')[2]}"
    yield source._replace(netloc=place, path=f"/{name}").geturl()
    _run(*drop, *drop_role)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def content_of(url: str) -> bytes | None:
    """What an embedded database holds, to be compared."""
    if not url.startswith("sqlite"):
        return None
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        return "\n".join(database.iterdump()).encode()


RIGHT = {"PII_KEYS": f"{B},{A}", "PII_INDEX_KEY": INDEX_KEY}
WRONG = [
    ("serve", {"PII_KEYS": A}, ["(gatehouse.E013) PII_KEYS lacks b"]),
    ("worker", {"PII_KEYS": A}, ["(gatehouse.E013) PII_KEYS lacks b"]),
    ("migrate", {"PII_KEYS": A}, ["(gatehouse.E013) PII_KEYS lacks b"]),
    ("scheduler", {"PII_KEYS": f"{B},{ANOTHER_A}"}, ["(gatehouse.E014) The a of PII_KEYS is not"]),
    ("worker", {"PII_INDEX_KEY": "another"}, ["(gatehouse.E015) PII_INDEX_KEY is not"]),
]
NONE = {"PII_KEYS": "", "PII_INDEX_KEY": "", "SECRET_KEY": ""}
WITHOUT_KEYS = {
    "postgresql": ["gatehouse.E001", "gatehouse.E002", "gatehouse.E003"],
    "sqlite": ["gatehouse.E013", "gatehouse.E015"],
}
"""On a server none are given; an embedded database makes new ones, which are others."""


def test_with_other_keys_or_none_nothing_starts_and_nothing_is_written(restored, tmp_path):
    before = content_of(restored)
    cases = [*WRONG, ("worker", NONE, WITHOUT_KEYS[connection.vendor])]
    for command, wrong, expected in cases:
        done = call(tmp_path, command, DATABASE_URL=restored, **{**RIGHT, **wrong})
        assert done.returncode == 1
        assert [told for told in expected if told not in done.stderr] == []
        assert "HINT" in done.stderr
        assert [key for key in (A, B, ANOTHER_A) if key.partition(":")[2] in done.stderr] == []
    assert content_of(restored) == before


def test_the_steps_of_the_runbook_bring_it_back(restored, tmp_path):
    given = {"DATABASE_URL": restored, **RIGHT}
    runbook = (project.BASE_DIR / "docs" / "deploy.md").read_text()
    told = {}
    for command, *options in (["migrate"], ["doubt_restored"], ["doctor", "--no-calls"]):
        assert f"    gatehouse-manage {command}\n" in runbook
        done = call(tmp_path, command, *options, **given)
        assert "Traceback" not in done.stderr
        told[command] = done
    assert told["migrate"].returncode == 0
    assert "0 messages waited when the backup was made" in told["doubt_restored"].stdout
    assert "gatehouse.E" not in told["doctor"].stderr


def test_with_its_own_ring_it_starts_and_without_a_lost_key_when_that_is_said(restored, tmp_path):
    given = {"DATABASE_URL": restored, **RIGHT}
    done = call(tmp_path, "shell", "--verbosity=0", "-c", OPEN_ONE, **given)
    assert done.stdout.splitlines()[-1] == f"{EMAIL} {PHONE}"

    given["PII_KEYS"] = B
    assert call(tmp_path, "check", **given).returncode == 1
    assert call(tmp_path, "rotate_keys", "--give-up", "a", **given).returncode == 0
    assert call(tmp_path, "check", **given).returncode == 0
    done = call(tmp_path, "rotate_keys", **given)
    assert done.returncode == 1
    assert "Values that no key opens: 7" in done.stderr
    assert done.stdout.count("no key opens email of users_enduser") == 2
    assert EMAIL not in done.stdout + done.stderr
