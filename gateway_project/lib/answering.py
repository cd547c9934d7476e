"""Answering a request that granian has taken: short answers at once, long ones out of a file.

A long answer is written down whole before its first byte leaves. So what breaks in the middle is an
error and never half an answer, and who reads slowly, or not at all, keeps no thread, no memory and
no connection to the database: granian reads on where the reader has read. (It takes whatever is
streamed to it at once, and a stream that was broken off ends like one that is whole.)

The file is nobody else's, and has no name by which it could be found or left behind: it is gone
with the process, however that ends.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from gateway_project.lib.turns import Answer, Streamed, outcome_of

logger = logging.getLogger(__name__)

LONG_ONES = 32
"""Long answers at once, waiting to be made, being made or being read, in each process."""
MADE_AT_ONCE = 4
"""Of those. Each has a connection to the database meanwhile."""
OPENED_SECONDS = 5.0
"""By then granian has opened a file that it was given."""
READ_SECONDS = 900.0
"""Who has not read all by then is cut off."""
LOOK_EVERY_SECONDS = 1.0
BUFFER = 1 << 16
TEXT = ("Content-Type", "text/plain; charset=utf-8")
BROKEN = b"This could not be made whole, so nothing of it was sent."
TOO_MANY = b"Too many files are on their way. Try again in a minute."


class NotWanted(Exception):
    """Who has asked for it is gone."""


class Answering:
    """Gives answers to granian. Files are made in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._threads = ThreadPoolExecutor(MADE_AT_ONCE, thread_name_prefix="long")
        self._places = LONG_ONES

    async def respond(self, protocol: Any, answer: Answer) -> None:
        status, headers, body = int(answer.status[:3]), answer.headers, answer.body
        if not isinstance(body, Streamed):
            protocol.response_bytes(status, headers, body)
        elif not self._places:
            await asyncio.to_thread(body.close)
            protocol.response_bytes(503, [TEXT, ("Retry-After", "60")], TOO_MANY)
        else:
            await self._respond_at_length(protocol, status, headers, body)

    async def _respond_at_length(
        self, protocol: Any, status: int, headers: list[tuple[str, str]], body: Streamed
    ) -> None:
        self._places -= 1
        try:
            file = await self._made(protocol, body)
            if isinstance(file, Exception):
                _tell_of(file, protocol)
                return
            with closing(file):
                path = f"/dev/fd/{file.fileno()}"
                protocol.response_file(status, _with_its_length(file, headers), path)
                await _until_read(file)
                os.ftruncate(file.fileno(), 0)  # whoever is still at it meets the end too early
        finally:
            self._places += 1

    async def _made(self, protocol: Any, body: Streamed) -> IO[bytes] | Exception:
        """Nothing, where its reader has gone meanwhile."""
        gone = asyncio.ensure_future(_is_gone(protocol))

        def make() -> IO[bytes]:
            with closing(body):
                return written_down(body, self._directory, is_wanted=lambda: not gone.done())

        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, outcome_of, make)
        finally:
            gone.cancel()


def written_down(
    parts: Iterable[bytes], directory: Path, is_wanted: Callable[[], bool]
) -> IO[bytes]:
    """All of it in a file without a name. Raises what making the parts raises, or NotWanted."""
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile(dir=directory, buffering=BUFFER))
        for part in parts:
            file.write(part)
            if not is_wanted():
                raise NotWanted
        file.flush()
        stack.pop_all()
    return file


def _tell_of(problem: Exception, protocol: Any) -> None:
    if not isinstance(problem, NotWanted):
        logger.error("a long answer broke off", exc_info=problem)
        protocol.response_bytes(500, [TEXT], BROKEN)


def _with_its_length(file: IO[bytes], headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """By which the reader sees whether it is whole."""
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", str(os.fstat(file.fileno()).st_size))]


async def _until_read(file: IO[bytes]) -> None:
    """As long as granian has the file open, which tells nobody when it has done with it."""
    begun = time.monotonic()
    await asyncio.sleep(OPENED_SECONDS)
    while _is_open_elsewhere(file) and time.monotonic() - begun < READ_SECONDS:
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _is_open_elsewhere(file: IO[bytes]) -> bool:
    """In this process."""
    mine = os.fstat(file.fileno())
    return sum(_is_same(int(name), mine) for name in os.listdir("/dev/fd")) > 1


def _is_same(descriptor: int, mine: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), mine)
    except OSError:  # closed meanwhile
        return False


async def _is_gone(protocol: Any) -> None:
    """Waits until who has asked is gone. (After the answer granian tells nothing of that.)"""
    await protocol.client_disconnect()
