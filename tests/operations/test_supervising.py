"""A parent of several processes: real ones, which only sleep, and workers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway_project.operations import supervising
from gateway_project.operations.processes import supervised
from gateway_project.operations.pulse import alive
from tests.operations.surroundings import (
    database_url,
    environment,
    free_port,
    is_running,
    wait_until,
)

SLEEPS = """
import os, signal, sys, time
def end(*_):
    open(os.path.join(sys.argv[1], f"ended-{os.getpid()}"), "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(os.path.join(sys.argv[1], f"began-{os.getpid()}"), "w").close()
time.sleep(60)
"""


@pytest.fixture
def parent(tmp_path):
    sleeping = [sys.executable, "-c", SLEEPS, str(tmp_path)]
    process = subprocess.Popen(supervised(2, sleeping), stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(pids(tmp_path, "began")) == 2)
    yield process
    process.terminate()
    process.communicate(timeout=20)


def pids(directory: Path, did: str) -> set[int]:
    return {int(file.name.partition("-")[2]) for file in directory.glob(f"{did}-*")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_all_are_waited_for(parent, tmp_path, number):
    parent.send_signal(number)
    assert parent.wait(20) == 0
    assert pids(tmp_path, "ended") == pids(tmp_path, "began")


def test_who_dies_is_started_again_and_the_other_goes_on(parent, tmp_path):
    first, other = pids(tmp_path, "began")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(pids(tmp_path, "began")) == 3)
    (new,) = pids(tmp_path, "began") - {first, other}
    assert is_running(other)
    assert is_running(new)
    assert not is_running(first)
    parent.terminate()
    _, errors = parent.communicate(timeout=20)
    assert "a process ended with -9" in errors


def test_when_it_is_killed_they_end_by_themselves(parent, tmp_path):
    parent.kill()
    wait_until(lambda: pids(tmp_path, "ended") == pids(tmp_path, "began"))


def test_it_has_nothing_of_the_house_in_its_memory():
    code = (
        f"import sys; sys.argv = ['', '0']; exec(open({supervising.__file__!r}).read());"
        "print(*sys.modules)"
    )
    run = [sys.executable, "-P", "-c", code]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert not {"django", "psycopg", "gateway_project"} & set(told)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_as_many_workers_as_asked_for_give_signs_of_life_and_end_together(tmp_path):
    surroundings = environment(tmp_path, free_port(), DATABASE_URL=database_url(), BROKER_URL="")
    command = [sys.executable, "manage.py", "worker", "--processes", "2"]
    process = subprocess.Popen(command, env=surroundings)
    try:
        wait_until(lambda: alive("worker") == 2)
        family = _children(process.pid)
        assert len(family) == 2
    finally:
        process.terminate()
        assert process.wait(40) == 0
    assert not any(map(is_running, family))


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return list(map(int, told.split()))
