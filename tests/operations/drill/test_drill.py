"""`manage.py drill`, as a person calls it: against real processes, databases and brokers."""

import json
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from gateway_project.operations.drill.faults import DEATHS, FAULTS
from gateway_project.operations.drill.house import PREFIX
from gateway_project.operations.drill.play import NO_TIME
from gateway_project.operations.processes import manage
from tests import services
from tests.operations.surroundings import database_url, environment, free_port

pytestmark = pytest.mark.alone

NAMED = {
    *("seed", "faults", "accepted", "sent", "rejected", "failed", "expired", "unknown"),
    *("lost", "sent_twice", "reported_twice", "out_of_order"),
}
PLACES = ("sent", "rejected", "failed", "held", "queued", "unknown")
LEAST_DEATHS = 5
"""A machine that has no time for so many proves nothing."""


def drill(directory: Path, *length: str, seed: int, **surroundings: str) -> dict:
    """The report of a drill that has passed. What it printed is told where it has not."""
    report = directory / "report.json"
    done = subprocess.run(
        manage("drill", *length, "--seed", str(seed), "--report", str(report)),
        env=environment(directory, free_port(), **surroundings),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"seed {seed}:\n{done.stdout}{done.stderr}"
    told = json.loads(report.read_text())
    assert told.keys() >= NAMED
    assert told["seed"] == seed
    assert told["accepted"] == sum(told[place] for place in PLACES) > 0
    assert all(told["effects"][name] for name in told["faults"])
    return told


@pytest.mark.parametrize("length", [["--quick"], ["--minutes", "0.2"]], ids=lambda each: each[0])
def test_nothing_is_lost_or_sent_twice_on_the_embedded_default(tmp_path, length):
    told = drill(tmp_path, *length, seed=1, DATABASE_URL="", BROKER_URL="")
    assert (told["database"], told["broker"]) == ("sqlite", "none")
    kills = {name for name in DEATHS if FAULTS[name].needs is None}
    in_no_time = {name for name, why in told["left_out"].items() if why == NO_TIME}
    assert kills - in_no_time <= told["faults"].keys()
    assert not in_no_time or length == ["--quick"]
    assert len(kills & told["faults"].keys()) >= LEAST_DEATHS
    assert not any((tmp_path / "drill").iterdir())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("broker", "seed"),
    [
        pytest.param(services.RABBITMQ_URL, 2, marks=pytest.mark.rabbitmq),
        pytest.param(services.REDIS_URL, 3, marks=pytest.mark.redis),
    ],
)
def test_nothing_is_lost_or_sent_twice_with_a_database_server_and_a_broker(tmp_path, broker, seed):
    told = drill(
        tmp_path, "--minutes", "0.2", seed=seed, DATABASE_URL=database_url(), BROKER_URL=broker
    )
    assert told["broker"] == broker.partition(":")[0]
    assert told["faults"].keys() == FAULTS.keys()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"{PREFIX}%"])
        assert cursor.fetchall() == []


def test_a_length_is_a_minute_or_so_many_and_not_both(tmp_path):
    both = manage("drill", "--quick", "--minutes", "1")
    surroundings = environment(tmp_path, free_port(), DATABASE_URL="")
    done = subprocess.run(both, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not allowed with" in done.stderr
