"""The drill's own pulse: while it stands still, none of its wires carries anything."""

import asyncio
import time

from gateway_project.operations.drill.books import Span

BEAT_SECONDS = 0.1
LATE_SECONDS = 0.3
"""A busy machine is late with every beat. What is shorter has its place in the seconds that a
worker has after an outage anyway."""


async def keep(standstills: list[Span]) -> None:
    """Writes down, for ever, from when to when this process had no processor to run on."""
    while True:
        expected_at = time.monotonic() + BEAT_SECONDS
        await asyncio.sleep(BEAT_SECONDS)
        if (now := time.monotonic()) - expected_at >= LATE_SECONDS:
            standstills.append((expected_at, now))
