"""Counts of several processes, whatever becomes of those that made them."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings

from gateway_project.lib.shared_counts import ENDED, summed, take_over_ended

COUNTS = """
import os, sys
from pathlib import Path
from gateway_project.lib import shared_counts
shared_counts.share(Path(sys.argv[1]))
from gateway_project.lib.metrics import ACCEPT_SECONDS, REQUESTS
def count(times):
    for _ in range(times):
        REQUESTS.labels("amazing", "sms", 0).inc()
        ACCEPT_SECONDS.labels("amazing", "sms").observe(0.02)
"""
WAITS = "print('counted', flush=True); sys.stdin.read()"
COUNTED = {"label": "amazing", "channel": "sms"}


@pytest.fixture
def start(tmp_path):
    """Starts a process that shares its counts, and waits until it says so."""
    started = []

    def begin(program):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{COUNTS}\n{program}\n{WAITS}", str(tmp_path)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "counted\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def told(directory, name, **labels):
    """The value of the one series of this name with these labels."""
    found = [
        sample.value
        for metric in summed(directory)
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) <= 1, found
    return found[0] if found else None


def requests(directory):
    return told(directory, "gatehouse_requests_total", **COUNTED)


def test_what_several_processes_count_is_one_sum(start, tmp_path):
    start("count(3)")
    start("count(4)")
    assert requests(tmp_path) == 7
    assert told(tmp_path, "gatehouse_accept_seconds_count", **COUNTED) == 7
    assert told(tmp_path, "gatehouse_accept_seconds_bucket", le="0.01", **COUNTED) == 0
    assert told(tmp_path, "gatehouse_accept_seconds_bucket", le="0.025", **COUNTED) == 7
    assert told(tmp_path, "gatehouse_accept_seconds_sum", **COUNTED) == pytest.approx(0.14)


def test_what_a_killed_process_counted_stays_counted_and_its_files_go(start, tmp_path):
    for _ in range(3):
        kill(start("count(2)"))
    assert requests(tmp_path) == 6
    alive = start("count(1)")  # whoever starts clears up
    assert requests(tmp_path) == 7
    assert told(tmp_path, "gatehouse_accept_seconds_bucket", le="0.025", **COUNTED) == 7
    names = {path.name.partition("_")[2] for path in tmp_path.glob("*.db")}
    assert len(names) == 2
    assert f"{ENDED}.db" in names
    assert len(list(tmp_path.glob("*.lock"))) == 1
    assert alive.poll() is None


def test_a_living_process_is_left_alone_and_goes_on_counting(start, tmp_path):
    living = start("count(1)\nprint('counted', flush=True); sys.stdin.readline(); count(5)")
    assert take_over_ended(tmp_path) == 0
    living.stdin.write("\n")
    living.stdin.flush()
    assert living.stdout.readline() == "counted\n"
    assert requests(tmp_path) == 6


def test_a_fork_counts_in_files_of_its_own(start, tmp_path):
    start(
        """
count(1)
child = os.fork()
count(10)
if not child:
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert requests(tmp_path) == 21


def test_a_file_that_a_killed_process_left_half_made_harms_nobody(start, tmp_path):
    kill(start("count(2)"))
    for name in ("counter", "histogram"):
        (tmp_path / f"{name}_1-broken.db").write_bytes(b"")
    (tmp_path / "1-broken.lock").write_bytes(b"")
    assert take_over_ended(tmp_path) == 2
    assert requests(tmp_path) == 2


def test_where_a_file_stands_in_the_way_a_process_counts_alone(tmp_path):
    (tmp_path / "metrics").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", f"{COUNTS}\ncount(1)", str(tmp_path / "metrics")],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "metrics are not shared" in done.stderr) == (0, True)
