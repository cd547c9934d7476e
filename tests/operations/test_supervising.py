"""A parent of several processes: real ones, which only sleep, and workers."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from gateway_project.operations import supervising
from gateway_project.operations.processes import supervised
from gateway_project.operations.pulse import alive, missing
from gateway_project.operations.supervising import (
    LONGEST_PAUSE_SECONDS,
    MOST_QUICK_DEATHS,
    QUICK_SECONDS,
    Place,
    end_with_parent,
    pause_after,
)
from gateways.models import Heartbeat
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


def test_a_death_is_told_as_an_error_among_the_other_lines_of_the_log(parent, tmp_path):
    first, _ = pids(tmp_path, "began")
    os.kill(first, signal.SIGKILL)
    line = json.loads(parent.stderr.readline())
    assert line["level"] == "error"
    assert re.fullmatch(r"a process ended with -9 after \d+ s; started again in 1 s", line["event"])
    assert datetime.fromisoformat(line["timestamp"]).tzinfo == UTC


def test_who_dies_quickly_is_started_again_ever_later():
    pauses = [pause_after(deaths) for deaths in range(1, 12)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_PAUSE_SECONDS] * 2]
    assert pause_after(0) == 0


def test_who_has_lived_for_long_begins_anew(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(supervising.time, "monotonic", lambda: now[0])
    place, pauses = Place(), []
    for lived in (1, 1, QUICK_SECONDS, 1):
        place.begin()
        now[0] += lived
        pauses.append(place.leave())
    assert pauses == [1, 2, 0, 1]


QUICKLY = """
import sys
from gateway_project.operations import supervising
supervising.FIRST_PAUSE_SECONDS = supervising.LONGEST_PAUSE_SECONDS = float(sys.argv[1])
sys.exit(supervising.Supervisor(2, sys.argv[2:]).run())
"""
DIES = "import os, sys; open(os.path.join(sys.argv[1], f'began-{os.getpid()}'), 'w')\n"
BUT_ONE = (
    DIES
    + "try: os.mkdir(os.path.join(sys.argv[1], 'taken'))\n"
    + "except FileExistsError: sys.exit(3)\n"
    + "import time; time.sleep(60)"
)


@pytest.fixture
def supervise(tmp_path):
    """A parent of two, which starts who dies quickly again after so many seconds."""
    parents = []

    def supervise(program: str | list[str], pause: float = 0.01):
        of_python = [sys.executable, "-c"]
        command = [*of_python, program, str(tmp_path)] if isinstance(program, str) else program
        started = subprocess.Popen(
            [*of_python, QUICKLY, str(pause), *command],
            cwd=settings.BASE_DIR,
            stderr=subprocess.PIPE,
            text=True,
        )
        parents.append(started)
        return started

    yield supervise
    for each in parents:
        each.kill()
        each.communicate()


def test_where_all_die_time_and_again_it_gives_up_and_fails(supervise, tmp_path):
    parent = supervise(DIES)
    _, errors = parent.communicate(timeout=60)
    assert parent.returncode == 1
    assert len(pids(tmp_path, "began")) >= 2 * MOST_QUICK_DEATHS
    assert "each of 2 processes dies time and again: given up" in errors.splitlines()[-1]


def test_while_one_of_them_works_it_goes_on_and_tries_the_other(supervise, tmp_path):
    parent = supervise(BUT_ONE)
    wait_until(lambda: len(pids(tmp_path, "began")) > 2 * MOST_QUICK_DEATHS)
    assert parent.poll() is None
    parent.terminate()
    _, errors = parent.communicate(timeout=20)
    assert parent.returncode == 0
    assert "a process ended with 3" in errors


@pytest.fixture
def program(tmp_path):
    """Which lives long, in a file that may be taken away."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{SLEEPS}' {tmp_path}\n")
    program.chmod(0o700)
    return program


def test_one_that_cannot_be_started_has_died_at_once_and_the_other_goes_on(
    supervise, program, tmp_path
):
    parent = supervise([str(program)])
    wait_until(lambda: len(pids(tmp_path, "began")) == 2)
    first, other = pids(tmp_path, "began")
    away = program.rename(tmp_path / "away")
    os.kill(first, signal.SIGKILL)
    assert "a process ended with -9" in parent.stderr.readline()
    told = json.loads(parent.stderr.readline())
    words = "a process could not be started (No such file or directory); started again in 0 s"
    assert (told["level"], told["event"]) == ("error", words)
    assert is_running(other)
    away.rename(program)
    wait_until(lambda: len(pids(tmp_path, "began")) == 3)
    parent.terminate()
    _, errors = parent.communicate(timeout=20)
    assert parent.returncode == 0
    assert "Traceback" not in errors


def test_where_none_can_be_started_it_gives_up_and_fails(supervise, program):
    program.unlink()
    parent = supervise([str(program)])
    _, errors = parent.communicate(timeout=20)
    assert parent.returncode == 1
    assert errors.count("could not be started") >= 2 * MOST_QUICK_DEATHS
    assert "given up" in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_it_ends_at_once_where_it_was_only_waiting_to_start_them_again(supervise, tmp_path):
    parent = supervise(DIES, pause=3600)
    for _ in range(2):
        assert "started again in 3600 s" in parent.stderr.readline()
    parent.terminate()
    assert parent.wait(20) == 0


def test_what_is_started_while_its_parent_dies_ends_before_it_begins(tmp_path):
    gone = os.getppid()
    touch = [sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", str(tmp_path / "began")]
    child = subprocess.Popen(touch, preexec_fn=partial(end_with_parent, gone))
    assert child.wait(20) != 0
    assert not (tmp_path / "began").exists()


def test_a_signal_that_comes_before_it_begins_ends_it_all_the_same():
    before = signal.signal(signal.SIGTERM, lambda *_: None)

    def be_killed_in_between():
        end_with_parent(os.getppid())
        os.kill(os.getpid(), signal.SIGTERM)

    try:
        child = subprocess.Popen(["true"], preexec_fn=be_killed_in_between)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert child.wait(20) == -signal.SIGTERM


PARTS = """
import os, signal, sys, threading, time
from gateway_project.operations.processes import become_several

directory, sleeps, how = sys.argv[1:]
if how == "with a thread":
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
if how == "where one cannot be forked":
    fork, forked = os.fork, []
    def once():
        if forked:
            raise BlockingIOError("no more processes")
        forked.append(True)
        return fork()
    os.fork = once
begun_by = os.getpid()
become_several(2, [sys.executable, "-c", sleeps, directory])
assert os.getppid() == begun_by
open(os.path.join(directory, f"forked-{os.getpid()}"), "w").close()
if how == "and one dies":
    try:
        os.mkdir(os.path.join(directory, "taken"))
    except FileExistsError:
        sys.exit(3)
exec(sleeps)
"""


@pytest.fixture
def part(tmp_path):
    """A process that becomes two, which have begun."""
    parents = []

    def part(how: str = "") -> subprocess.Popen[str]:
        surroundings = environment(tmp_path, free_port(), DATABASE_URL="", BROKER_URL="")
        surroundings["DJANGO_SETTINGS_MODULE"] = "gateway_project.settings"
        parent = subprocess.Popen(
            [sys.executable, "-c", PARTS, str(tmp_path), SLEEPS, how],
            cwd=settings.BASE_DIR,
            env=surroundings,
            stderr=subprocess.PIPE,
            text=True,
        )
        parents.append(parent)
        wait_until(lambda: len(pids(tmp_path, "began")) == 2)
        return parent

    yield part
    for each in parents:
        each.terminate()
        each.communicate(timeout=20)


def ended(parent: "subprocess.Popen[str]") -> tuple[int, str]:
    """Its exit status, and what it told, once it was asked to end."""
    parent.terminate()
    _, errors = parent.communicate(timeout=20)
    return parent.returncode, errors


def test_who_becomes_several_is_the_parent_of_those_and_ends_with_them(part, tmp_path):
    parent = part()
    family = set(_children(parent.pid))
    assert family == pids(tmp_path, "forked") == pids(tmp_path, "began")
    assert ended(parent) == (0, "")  # it may have been about to become their supervisor
    assert pids(tmp_path, "ended") == family


def test_one_of_several_that_dies_early_is_started_again(part, tmp_path):
    parent = part("and one dies")
    assert len(pids(tmp_path, "forked")) == 2
    wait_until(lambda: set(_children(parent.pid)) == pids(tmp_path, "began"))
    status, errors = ended(parent)
    assert status == 0
    assert "a process ended with 3" in errors


@pytest.mark.parametrize(
    ("how", "forked"), [("where one cannot be forked", 1), ("with a thread", 0)]
)
def test_those_that_are_not_forked_are_started(part, tmp_path, how, forked):
    parent = part(how)
    assert len(pids(tmp_path, "forked")) == forked
    assert set(_children(parent.pid)) == pids(tmp_path, "began")
    assert ended(parent) == (0, "")


def test_several_end_when_their_parent_is_killed(part, tmp_path):
    parent = part()
    parent.kill()
    wait_until(lambda: pids(tmp_path, "ended") == pids(tmp_path, "began"))


def test_it_has_nothing_of_the_house_in_its_memory():
    code = f"import runpy, sys; runpy.run_path({supervising.__file__!r}); print(*sys.modules)"
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
        call_command("is_alive", "worker")
        Heartbeat.objects.filter(name__endswith=f":{family[0]}").delete()
        assert missing("worker") == 1
        with pytest.raises(CommandError, match="1 of the worker processes"):
            call_command("is_alive", "worker")
    finally:
        process.terminate()
        assert process.wait(40) == 0
    assert not any(map(is_running, family))


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return list(map(int, told.split()))
