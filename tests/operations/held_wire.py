"""A wire to a server, for tests that are not asynchronous: it can be held and taken away."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway_project.operations.drill.wire import Wire


class HeldWire:
    """The wire, whose work is done by a thread of its own."""

    def __init__(self, wire: Wire, loop: asyncio.AbstractEventLoop) -> None:
        self._wire, self._loop = wire, loop

    @property
    def port(self) -> int:
        return self._wire.port

    def hold(self) -> None:
        self._do(self._wire.hold)

    def release(self) -> None:
        self._do(self._wire.release)

    def take_away(self) -> None:
        asyncio.run_coroutine_threadsafe(self._wire.take_away(), self._loop).result()

    def open(self) -> None:
        asyncio.run_coroutine_threadsafe(self._wire.open(), self._loop).result()

    def _do(self, deed: Callable[[], None]) -> None:
        async def done() -> None:
            deed()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result()


@contextmanager
def wire(host: str, port: int) -> Iterator[HeldWire]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    there = Wire(host, port)
    asyncio.run_coroutine_threadsafe(there.open(), loop).result()
    try:
        yield HeldWire(there, loop)
    finally:
        asyncio.run_coroutine_threadsafe(there.take_away(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
