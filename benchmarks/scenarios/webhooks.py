"""Webhooks in: reports of a provider, a hundred in one request, beside one at a time."""

import json
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.bench import Bench
from benchmarks.loading import Invalid
from benchmarks.scenarios.loop import CHANNEL
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial
from benchmarks.usage import Usage

HUNDRED, SINGLE = 100, "one at a time"
CALLERS = 4


def reports(bench: Bench, at_once: int) -> Figures:
    """Of messages that have been sent and not been reported yet."""
    house, count = bench.house, bench.backlog // (1 if at_once > 1 else 4)
    house.forget_messages()
    house.fill("sent", CHANNEL, str(count))
    url, ids = house.webhook_url(CHANNEL), house.message_ids()
    bodies = [body_of(ids[first : first + at_once]) for first in range(0, count, at_once)]
    with running(house.web()) as services, ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(partial(post, url), [body_of([])] * CALLERS))
        usage, began = Usage(*services), time.monotonic()
        list(callers.map(partial(post, url), bodies))
        took = time.monotonic() - began
        figures = usage.figures(count)
    if (recorded := house.delivered()) != count:
        raise Invalid(f"{count} reports, {recorded} statuses")
    return {"rate": count / took, **figures}


def body_of(ids: Sequence[str]) -> bytes:
    return json.dumps([{"ref": id_, "status": "delivered"} for id_ in ids]).encode()


def post(url: str, body: bytes) -> None:
    request = urllib.request.Request(  # noqa: S310  our own server
        url, data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()


SCENARIO = Scenario(
    name="webhooks",
    title="Reports in, a hundred in a request",
    is_quick=False,
    unit="reports/s",
    trials=(
        Trial(name=OURS, measure=partial(reports, at_once=HUNDRED)),
        Trial(name=SINGLE, measure=partial(reports, at_once=1)),
    ),
    goals=(Goal(name="reports, a hundred in a request beside one", than=SINGLE),),
)
