"""What the drill's provider reports of the messages that it has sent, and how: sometimes twice, in
the wrong order, ahead of its own answer, or very late."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from gateway_project.operations.drill.sends import Reported, SendLedger

AHEAD_SECONDS = 1.0
"""At most the provider waits with its answer for what it reports early."""
EARLY, EARLY_BOUNCES = 0.25, 0.5
"""The shares of messages that are reported on before they are answered."""
REPORT_SECONDS = 0.3
LATE = 0.25
"""The share of messages of which nothing is reported for a long time: until then only what the
gateway itself knows keeps it from sending them again."""
AGAIN_SECONDS = 0.4
GROUPS = {"delivered": "DELIVERED", "failed": "UNDELIVERABLE"}
"""As Infobip words it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message that the provider was given. `ref` is the gateway's id of it."""

    uid: str
    ref: str
    reports_to: str
    bounces: bool = False
    as_infobip: bool = False


@dataclass(slots=True, kw_only=True)
class Reporter:
    ledger: SendLedger
    dice: random.Random
    late_seconds: float
    session: aiohttp.ClientSession | None = None
    unreported: int = 0
    """Messages of which not all reports were taken."""
    reporting: set["asyncio.Task[None]"] = field(default_factory=set)

    async def report(self, given: Given, id: str) -> None:
        """Sets the reports going; returns once those were told that are to be ahead."""
        statuses = self._statuses(given)
        is_early = self.dice.random() < (EARLY_BOUNCES if given.bounces else EARLY)
        has_own_id = not given.as_infobip
        reports = [
            Reported(
                uid=given.uid,
                provider_id=id,
                status=status,
                names_message=not (is_early and has_own_id and n == 0),
            )
            for n, status in enumerate([*statuses, statuses[-1]] if is_early else statuses)
        ]
        is_late = not is_early and self.dice.random() < LATE
        wait = 0.0 if is_early else self.late_seconds if is_late else REPORT_SECONDS
        self.unreported += 1
        task = asyncio.create_task(self._tell(given, reports, wait))
        self.reporting.add(task)
        task.add_done_callback(self.reporting.discard)
        if is_early:
            await asyncio.wait({task}, timeout=AHEAD_SECONDS)

    def _statuses(self, given: Given) -> list[str]:
        if given.bounces:
            statuses = ["failed"]
        else:
            statuses = ["delivered", "opened"][: self.dice.choice((1, 2))]
        if self.dice.random() < 0.25:
            statuses.reverse()
        if self.dice.random() < 0.25:
            statuses = [status for status in statuses for _ in range(2)]
        return statuses

    async def _tell(self, given: Given, reports: Sequence[Reported], wait: float) -> None:
        await asyncio.sleep(wait)
        for report in reports:
            number = self.ledger.tell(report)
            while not await self._is_taken(given.reports_to, worded(given, report)):
                await asyncio.sleep(AGAIN_SECONDS)
            self.ledger.was_taken(number)
        self.unreported -= 1

    async def _is_taken(self, url: str, told: Mapping[str, Any]) -> bool:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            assert self.session is not None  # noqa: S101  it is open as long as the server is
            async with self.session.post(url, json=told) as answer:
                return answer.status == 200
        return False


def worded(given: Given, report: Reported) -> dict[str, Any]:
    """The webhook's body."""
    if not given.as_infobip:
        told = {"id": report.provider_id, "status": report.status}
        return told | ({"ref": given.ref} if report.names_message else {})
    result: dict[str, Any] = {"messageId": given.ref}
    if report.status == "opened":
        result["seenAt"] = datetime.now(UTC).isoformat()
    else:
        result["status"] = {"groupName": GROUPS[report.status], "name": "DRILL"}
    return {"results": [result]}
