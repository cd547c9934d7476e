"""Counts kept in memory."""

import logging
import subprocess
import sys
import threading

from django.db import OperationalError

from gateway_project.lib.collecting import Collection


def test_what_was_noted_is_written_once():
    written = []
    counts = Collection(written.append)
    for key in "abb":
        counts.note(key)
    counts.flush()
    counts.flush()
    assert written == [{"a": 1, "b": 2}]


def test_what_could_not_be_written_is_kept():
    written, is_away = [], [True]

    def write(counts):
        if is_away.pop():
            raise OperationalError
        written.append(dict(counts))

    counts = Collection(write)
    counts.note("a")
    counts.flush()
    counts.note("a")
    is_away.append(False)
    counts.flush()
    assert written == [{"a": 2}]


def test_a_fault_is_named_and_quotes_nothing(caplog):
    def write(counts):
        raise ValueError("anna@mailbox.example")

    counts = Collection(write)
    counts.note("a")
    with caplog.at_level(logging.ERROR):
        counts.flush()
    assert "ValueError" in caplog.text
    assert "mailbox.example" not in caplog.text


def test_the_memory_is_bounded():
    written = []
    counts = Collection(written.append, most=2)
    for key in "abcabc":
        counts.note(key)
    counts.flush()
    assert written == [{"a": 2, "b": 2}]


def test_threads_lose_nothing():
    written = []
    counts = Collection(written.append)

    def note():
        for _ in range(5_000):
            counts.note("a")

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.flush()
    assert written == [{"a": 20_000}]


def test_a_process_that_ends_writes_what_it_has_left():
    program = """
import django
from django.conf import settings
settings.configure(DATABASES={})
django.setup()
from gateway_project.lib import collecting
counts = collecting.Collection(lambda counts: print(dict(counts), flush=True))
collecting.COLLECTIONS.append(counts)
collecting.keep_flushing()
counts.note("a")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "{'a': 1}\n"
