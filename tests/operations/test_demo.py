"""`manage.py demo`: sample data, a file for scripts, and one round of Smartico."""

import json
import signal
import socket
import stat
import subprocess

import pytest

from gateway_project.operations.processes import manage
from tests.operations.surroundings import (
    descendants,
    environment,
    free_port,
    is_ready,
    is_running,
    wait_until,
)


@pytest.fixture
def house(tmp_path):
    """A data directory and a port: the surroundings of one demo."""
    surroundings = environment(tmp_path, free_port(), DATABASE_URL="", COLUMNS="200")
    surroundings.pop("EGRESS_ALLOW", None)
    return surroundings


@pytest.fixture
def start(house, tmp_path):
    started = []

    def start(**more):
        output = (tmp_path / "output").open("w")
        demo = subprocess.Popen(manage("demo"), env=house | more, stdout=output, stderr=output)
        started.append(demo)
        file = tmp_path / "demo.json"
        wait_until(lambda: file.exists() or demo.poll() is not None)
        assert demo.poll() is None, (tmp_path / "output").read_text()
        return demo

    yield start
    for demo in started:
        demo.terminate()
        demo.wait(60)


def test_it_plays_every_channel_and_leaves_nothing_running(start, house, tmp_path):
    demo = start()
    file = tmp_path / "demo.json"
    assert is_ready(int(house["PORT"]))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    facts = json.loads(file.read_text())
    assert facts["ext_user_ids"][0] == "hhu234556"
    wait_until(lambda: "The demo stays up" in (tmp_path / "output").read_text())
    output = (tmp_path / "output").read_text()
    assert output.count("callback: delivered") == 7
    assert "mailbox.example" not in output
    family = descendants(demo.pid)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0
    assert not any(map(is_running, family))
    assert not file.exists()


def test_a_second_start_reuses_what_is_there(start, house, tmp_path):
    demo = start(DEMO_TRAFFIC="0")
    first = json.loads((tmp_path / "demo.json").read_text())
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(60) == 0
    start(DEMO_TRAFFIC="0")
    assert json.loads((tmp_path / "demo.json").read_text()) == first
    played = subprocess.run(
        manage("simulate_smartico", "--count", "12"),
        env=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "12 delivered" in played.stdout


def test_a_taken_port_is_named(house):
    with socket.create_server(("127.0.0.1", int(house["PORT"]))):
        done = subprocess.run(
            manage("demo"), env=house, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert f"Port {house['PORT']} is taken" in done.stderr
