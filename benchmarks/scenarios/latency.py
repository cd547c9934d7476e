"""From the answer of an accepted message to the provider's socket, on a machine at rest."""

import json
import statistics
import time
import urllib.request

from benchmarks.bench import Bench
from benchmarks.draining import forget_all, wait_until_sent
from benchmarks.house import House
from benchmarks.loading import prefix
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial

PER_SECOND = 20


def ours(bench: Bench) -> Figures:
    house = bench.house
    forget_all(bench, house)
    with running(house.web(), house.worker(), house.scheduler()):
        post(bench, house, PER_SECOND)  # the first ones find everything cold
        wait_until_sent(bench, house)
        return figures(bench, post(bench, house, int(bench.seconds * PER_SECOND)))


def post(bench: Bench, house: House, count: int) -> dict[str, float]:
    """When each message was answered, one after the other."""
    answered, uids = {}, prefix()
    for number in range(count):
        answered[post_one(house, f"{uids}{number}", f"user-{number % bench.users}")] = (
            time.monotonic()
        )
        time.sleep(1 / PER_SECOND)
    return answered


def post_one(house: House, uid: str, user: str) -> str:
    body = {
        "ext_user_id": user,
        "im_uid": uid,
        "callback_url": house.callback_url,
        "from_number": "Amazing",
        "body": "Your weekend bonus is waiting.",
    }
    request = urllib.request.Request(  # noqa: S310  our own server
        f"http://127.0.0.1:{house.port}/api/v1/sms",
        data=json.dumps(body).encode(),
        headers={"Authorization": house.authorization, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return str(json.loads(answer.read())["ext_message_id"])


def figures(bench: Bench, answered: dict[str, float]) -> Figures:
    """A message that reached the provider before its answer reached us took no time."""
    wait_until_sent(bench, bench.house)
    reached = bench.outside.moments()
    took = [max(0.0, reached[id_] - at) * 1000 for id_, at in answered.items()]
    hundredths = statistics.quantiles(took, n=100, method="inclusive")
    return {"p50_ms": hundredths[49], "p99_ms": hundredths[98], "worst_ms": max(took)}


SCENARIO = Scenario(
    name="latency",
    title="Accepted to the provider's socket",
    unit="ms",
    trials=(Trial(name=OURS, measure=ours),),
    goals=(
        Goal(name="accepted to the provider's socket, p99", measure="p99_ms", than=None, most=50),
    ),
)
