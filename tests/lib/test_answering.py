"""Long answers, as a granian on loopback gives them to readers who take their time."""

import asyncio
import os
import re
import resource
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from gateway_project.lib import answering
from gateway_project.lib.answering import BROKEN, Answering, NotWanted, written_down
from gateway_project.lib.turns import Answer, Streamed
from tests.operations.surroundings import free_port, wait_until

SECONDS = 10
PART = b"x" * 999 + b"\n"
MUCH = 64_000
"""Parts: more than both ends of a connection keep between them."""


class House:
    """Answers each request by the parts that the test has told it to."""

    def __init__(self, directory: Path) -> None:
        self.answering = Answering(directory)
        self.made = threading.Event()
        self.parts: Iterator[bytes] = iter([PART])

    async def __rsgi__(self, scope, protocol):
        headers = [("Content-Type", "text/csv")]
        await self.answering.respond(protocol, Answer("200 OK", headers, Streamed(self._making())))

    def _making(self) -> Iterator[bytes]:
        try:
            yield from self.parts
        finally:
            self.made.set()


@contextmanager
def served(house: House) -> Iterator[int]:
    """Its port."""
    port, loops = free_port(), []
    server = Server(
        house, port=port, interface=Interfaces.RSGI, http=HTTPModes.http1, websockets=False,
        log_enabled=False,
    )  # fmt: skip

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        wait_until(lambda: answers(port))
        yield port
    finally:
        loops[0].call_soon_threadsafe(server.stop)
        thread.join(SECONDS)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(answering, "OPENED_SECONDS", 0.5)
    monkeypatch.setattr(answering, "LOOK_EVERY_SECONDS", 0.05)
    return House(tmp_path / "house")


@pytest.fixture
def port(house):
    with served(house) as port:
        yield port


def asked(port: int, kind: bytes = b"close") -> socket.socket:
    """A reader who has sent a request and read nothing yet."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    reader.settimeout(SECONDS)
    reader.connect(("127.0.0.1", port))
    reader.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: " + kind + b"\r\n\r\n")
    return reader


def read(reader: socket.socket) -> SimpleNamespace:
    """What has come until the end of the connection."""
    with closing(reader):
        came = b"".join(iter(lambda: reader.recv(1 << 20), b""))
    head, _, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return SimpleNamespace(
        status=int(head[9:12]), head=head.lower(), body=body, length=int(length[1]) if length else 0
    )


def memory() -> int:
    """Bytes of this process that are not on disk only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_a_long_answer_comes_whole_and_says_how_long_it_is(house, port):
    house.parts = (PART for _ in range(3_000))
    came = read(asked(port))
    assert (came.status, came.length, came.body) == (200, 3_000_000, 3_000 * PART)
    assert b"content-type: text/csv" in came.head


def test_one_that_breaks_is_an_error_and_nothing_of_it_is_sent(house, port, caplog):
    def breaking():
        yield from (PART for _ in range(3_000))
        raise LookupError

    house.parts = breaking()
    came = read(asked(port))
    assert (came.status, came.body) == (500, BROKEN)
    assert caplog.records[-1].getMessage() == "a long answer broke off"
    assert caplog.records[-1].exc_info[0] is LookupError


def test_who_does_not_read_keeps_no_memory_and_no_thread(house, port):
    house.parts = (PART for _ in range(MUCH))
    before = memory()
    reader = asked(port)
    assert house.made.wait(SECONDS)
    assert reader.recv(1, socket.MSG_PEEK)
    assert memory() - before < MUCH * len(PART) / 2
    assert house.answering._threads._work_queue.empty()
    assert read(reader).body == MUCH * PART


def test_who_does_not_read_for_too_long_sees_that_it_was_cut_off(house, port, monkeypatch):
    monkeypatch.setattr(answering, "READ_SECONDS", 0.1)
    house.parts = (PART for _ in range(MUCH))
    reader = asked(port)
    assert reader.recv(1, socket.MSG_PEEK)
    wait_until(lambda: house.answering._places == answering.LONG_ONES)
    came = read(reader)
    assert came.length == MUCH * len(PART) > len(came.body)


def test_more_than_so_many_at_once_are_told_to_come_again(house, port):
    house.answering._places = 1
    house.parts = (PART for _ in range(MUCH))
    first = asked(port)
    assert house.made.wait(SECONDS)
    refused = read(asked(port))
    assert (refused.status, b"retry-after: 60" in refused.head) == (503, True)
    assert len(read(first).body) == MUCH * len(PART)
    wait_until(lambda: house.answering._places == 1)
    house.parts = iter([PART])
    assert read(asked(port)).body == PART


def test_so_many_are_made_at_a_time_and_the_others_wait(house, monkeypatch):
    monkeypatch.setattr(answering, "MADE_AT_ONCE", 1)
    house.answering = Answering(house.answering._directory)
    may_end, begun = threading.Event(), threading.Semaphore(0)

    def held():
        begun.release()
        assert may_end.wait(SECONDS)
        yield PART

    with served(house) as port:
        house.parts = held()
        first = asked(port)
        assert begun.acquire(timeout=SECONDS)
        house.parts = held()
        second = asked(port)
        wait_until(lambda: house.answering._threads._work_queue.qsize() == 1)
        assert not begun.acquire(blocking=False)
        may_end.set()
        assert read(first).body == read(second).body == PART


def test_what_nobody_waits_for_any_more_is_not_made_to_its_end(house, port):
    begun = threading.Event()

    def endless():
        while True:
            begun.set()
            yield PART

    house.parts = endless()
    with closing(asked(port, b"keep-alive")):
        assert begun.wait(SECONDS)
    assert house.made.wait(SECONDS)


def test_the_file_is_nobody_elses_and_has_no_name(tmp_path):
    with written_down([PART, PART], tmp_path / "new", lambda: True) as file:
        told = os.fstat(file.fileno())
        assert (told.st_size, told.st_nlink, stat.S_IMODE(told.st_mode)) == (2_000, 0, 0o600)
        assert list((tmp_path / "new").iterdir()) == []


def test_what_is_not_wanted_is_given_up(tmp_path):
    with pytest.raises(NotWanted):
        written_down([PART, PART], tmp_path, lambda: False)
