"""The drill's own pulse."""

import asyncio
import time

from gateway_project.operations.drill import pulse


def standstills_while(*stands: float) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []

    async def live() -> None:
        keeping = asyncio.create_task(pulse.keep(found))
        for seconds in stands:
            await asyncio.sleep(0.01)
            time.sleep(seconds)
            await asyncio.sleep(0.01)
        keeping.cancel()

    asyncio.run(live())
    return found


def test_a_standstill_is_written_down_from_the_beat_that_did_not_come():
    before = time.monotonic()
    [(began, ended)] = standstills_while(0.6)
    assert before <= began - pulse.BEAT_SECONDS
    assert ended - before >= 0.6
    assert ended - began >= pulse.LATE_SECONDS


def test_a_beat_that_is_a_little_late_is_none():
    assert standstills_while(0.12, 0.12) == []
