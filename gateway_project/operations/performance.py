"""The demo's traffic: one request of each kind, and its timeline as the statuses are told."""

import asyncio
import time

import aiohttp
from rich.console import Console
from rich.table import Table

from gateway_project.operations.demo import Demo
from gateway_project.operations.smartico import KINDS, Answered, Receiver, Sender, Told

LAST_STATUS = "delivered"
MISSING = "-"


class Timeline:
    """Prints each message's answer and statuses as they come, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._answered: dict[str, Answered] = {}
        self._told: dict[str, dict[str, float]] = {}
        self.complete = asyncio.Event()

    def answer(self, answered: Answered) -> None:
        self._answered[answered.ext_message_id] = answered
        if answered.error_code == 0:
            what = f"accepted as {answered.ext_message_id} in {answered.seconds * 1000:.0f} ms"
        else:
            what = f"refused with {answered.error_code}: {answered.error_message}"
        self._say(answered.at, answered.kind, what)

    def hear(self, told: Told) -> None:
        answered = self._answered.get(told.ext_message_id)
        self._told.setdefault(told.ext_message_id, {}).setdefault(told.status, told.at)
        kind = answered.kind if answered else told.ext_message_id
        self._say(told.at, kind, f"callback: {told.status}")
        if self._answered and all(map(self._is_complete, self._answered.values())):
            self.complete.set()

    def _is_complete(self, answered: Answered) -> bool:
        told = self._told.get(answered.ext_message_id, {})
        return answered.error_code != 0 or LAST_STATUS in told

    def _say(self, at: float, kind: str, what: str) -> None:
        line = f"{at - self._began:6.2f} s  {kind:<10} {what}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def table(self) -> Table:
        """Every message with the seconds after which its statuses were told."""
        statuses = ("accepted", LAST_STATUS)
        table = Table("message", "answered", *(f"{status} told" for status in statuses))
        for answered in self._answered.values():
            told = self._told.get(answered.ext_message_id, {})
            after = [told[status] - answered.at if status in told else None for status in statuses]
            table.add_row(
                answered.kind,
                f"{answered.seconds * 1000:.0f} ms",
                *(MISSING if seconds is None else f"{seconds:.2f} s" for seconds in after),
            )
        return table


class Performance:
    """The demo's own Smartico: acknowledges callbacks all along, and plays when asked to."""

    def __init__(self, demo: Demo, console: Console) -> None:
        self._demo = demo
        self._console = console
        self._timeline = Timeline(console)
        self._receiver = Receiver(self._timeline.hear)

    async def open(self) -> None:
        await self._receiver.start(self._demo.callback_port)

    async def close(self) -> None:
        await self._receiver.stop()

    async def play(self, timeout: float = 60.0) -> None:
        """One request of each kind to the first sample user; returns when all are delivered."""
        facts = self._demo.facts()
        async with aiohttp.ClientSession() as session:
            sender = Sender(
                session,
                url=facts["url"],
                authorization=facts["authorization"],
                callback_url=facts["callback"]["url"],
            )
            for kind in KINDS:
                self._timeline.answer(await sender.post(kind, facts["ext_user_ids"][0]))
        try:
            await asyncio.wait_for(self._timeline.complete.wait(), timeout)
        except TimeoutError:
            self._console.print(f"Not every message was delivered within {timeout:.0f} s.")
        self._console.print(self._timeline.table())
        self._console.print("The demo stays up. Ctrl-C stops it.")
