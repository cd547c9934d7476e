"""`manage.py run`: web, worker and scheduler as real processes under one parent."""

import signal
import subprocess

import pytest

from gateway_project.operations.processes import manage
from tests.operations.surroundings import (
    children,
    descendants,
    environment,
    free_port,
    is_ready,
    is_running,
    wait_until,
)


@pytest.fixture
def running(tmp_path):
    port = free_port()
    surroundings = environment(tmp_path, port, DATABASE_URL="")
    parent = subprocess.Popen(manage("run"), env=surroundings, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: is_ready(port) or parent.poll() is not None)
    assert set(children(parent.pid)) == {"serve", "worker", "scheduler"}
    family = descendants(parent.pid)
    yield parent
    parent.kill()
    parent.communicate()
    wait_until(lambda: not any(map(is_running, family)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_ends_all_of_them(running, number):
    family = descendants(running.pid)
    running.send_signal(number)
    assert running.wait(40) == 0
    assert not any(map(is_running, family))


def test_when_one_ends_the_others_are_stopped_and_it_is_a_failure(running):
    family = descendants(running.pid)
    (worker,) = (pid for name, pid in children(running.pid).items() if name == "worker")
    subprocess.run(["kill", "-9", str(worker)], check=True)
    _, errors = running.communicate(timeout=40)
    assert running.returncode == 1
    assert "Ended by itself: worker" in errors
    assert not any(map(is_running, family))


def test_a_killed_parent_leaves_nobody_behind(running):
    family = descendants(running.pid)
    running.kill()
    wait_until(lambda: not any(map(is_running, family)))


def test_it_does_not_start_with_settings_that_the_checks_refuse(tmp_path):
    surroundings = environment(tmp_path, free_port(), DATABASE_URL="", TRUSTED_PROXIES="-1")
    done = subprocess.run(
        manage("run"), env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "gatehouse.E008" in done.stderr
