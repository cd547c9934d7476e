"""Processes that stop together: real ones, which only sleep."""

import os
import sys
import threading

import pytest

from gateway_project.operations.processes import Processes
from tests.operations.surroundings import is_running, wait_until

READY = "import sys, time, signal, subprocess\n"
SLEEPS = READY + "open(sys.argv[1], 'w').close()\ntime.sleep(60)"
IS_DEAF = (
    READY
    + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    + "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    + "open(sys.argv[1], 'w').write(str(child.pid))\ntime.sleep(60)"
)
TIDIES_UP = (
    READY
    + "def end(*_): open(sys.argv[1], 'w').write('tidied'); sys.exit(0)\n"
    + "signal.signal(signal.SIGTERM, end)\n"
    + "open(sys.argv[1], 'w').close()\ntime.sleep(60)"
)
ENDS = "import sys; open(sys.argv[1], 'w').close(); sys.exit(3)"


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**programs):
        files = {name: tmp_path / name for name in programs}
        processes = Processes(
            {
                name: [sys.executable, "-c", program, str(files[name])]
                for name, program in programs.items()
            }
        )
        started.append(processes)
        processes.start()
        wait_until(lambda: all(file.exists() for file in files.values()))
        return processes, files

    yield start
    for processes in started:
        processes.stop(grace=0)


def test_a_stop_lets_each_process_finish(start):
    processes, files = start(first=TIDIES_UP, second=TIDIES_UP)
    processes.stop()
    assert [file.read_text() for file in files.values()] == ["tidied", "tidied"]


def test_watching_ends_when_a_process_does_and_names_it(start):
    processes, _ = start(sleeper=SLEEPS, ender=ENDS)
    assert processes.watch(threading.Event()) == ["ender"]


def test_watching_ends_when_it_is_asked_to(start):
    processes, _ = start(sleeper=SLEEPS)
    stop = threading.Event()
    stop.set()
    assert processes.watch(stop) == []


def test_a_process_that_does_not_listen_is_killed_with_its_children(start):
    processes, files = start(deaf=IS_DEAF)
    wait_until(lambda: files["deaf"].read_text())
    child = int(files["deaf"].read_text())
    assert is_running(child)
    processes.stop(grace=0.1)
    wait_until(lambda: not is_running(child))


def test_children_have_a_process_group_of_their_own(start):
    processes, _ = start(sleeper=SLEEPS)
    child = processes._children["sleeper"]
    assert os.getpgid(child.pid) == child.pid


def test_a_kill_gives_nobody_time_to_finish(start):
    processes, files = start(first=TIDIES_UP)
    processes.kill()
    assert processes.ended() == ["first"]
    assert files["first"].read_text() == ""


def test_what_is_started_again_writes_behind_what_stands_in_the_log(tmp_path):
    log = tmp_path / "log"
    processes = Processes({"one": [sys.executable, "-c", "print('here')"]}, log=log)
    for _ in range(2):
        processes.start()
        wait_until(processes.ended)
    assert log.read_text() == "here\nhere\n"
