"""What a neighbour that hangs costs the healthy: their latency with one and without, in turns.

    python -m benchmarks.isolation [--rate 60] [--seconds 4] [--rounds 4] [--json FILE]

A healthy gateway and a healthy Smartico are given a steady load. Beside them there is in turn
nobody, a provider that takes calls and never answers, a callback host that does the same, and a
label with a backlog whose provider and Smartico take a second over everything. Measured is the way
of each healthy message from its acceptance to the provider's socket, and of its first status from
the moment it is due to Smartico's. `nobody, again` is the noise of the machine: what the others
differ by beyond that, their neighbours cost. Who hangs is to cost a tenth at most, by median and by
the slowest hundredth (exit code 1 where it costs more). The slow label has work done for it, which
takes its share of the processor: it is not to make anybody wait for its own answers.

By default in an embedded database of its own, which is gone afterwards. DATABASE_URL has to name an
empty database; with BROKER_URL the worker is Celery's, in a queue of its own. WORKERS (1) are
started as they are started in earnest.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gateway_project.keeping import MAKERS

HOUSE = Path(tempfile.mkdtemp(prefix="isolation-"))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "gateway_project.settings",
    "DATA_DIR": str(HOUSE),
    "BROKER_QUEUE": HOUSE.name,
    "EGRESS_ALLOW": "127.0.0.0/8",
    "LEASE_SECONDS": "60",
    **{name: os.environ.get(name) or make() for name, make in MAKERS.items()},
}

import django

django.setup()

from aiohttp import web
from django.core.management import call_command

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.lib.draining import DRAINS
from gateway_project.operations import drains
from gateway_project.operations.processes import Processes, manage
from gateways.models import Gateway, Label
from gateways.providers.registry import provider_class, validate_config
from messages_app.accepting import write
from messages_app.models import Message, State
from users.models import EndUser

NOBODY, AGAIN = "nobody", "nobody, again"
PROVIDER_HOLE, CALLBACK_HOLE = "a provider that never answers", "a callback host that never answers"
SLOW_LABEL = "a slow label with a backlog"
NEIGHBOURS = (NOBODY, PROVIDER_HOLE, CALLBACK_HOLE, SLOW_LABEL, AGAIN)
SENDING, TELLING = "accepted to provider", "due to Smartico"
BACKLOG = 500
FILLED = 16
"""Calls that a neighbour has under way before anything is measured."""
SLOW_SECONDS = 1.0
ALLOWED = {PROVIDER_HOLE: 1.10, CALLBACK_HOLE: 1.10}
SETTLE_SECONDS = 10.0


class Peers:
    """All who are called, on a thread of their own: `/<how>/<what>` hangs, is slow, or is well."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.told: dict[str, float] = {}
        self.asked: defaultdict[str, int] = defaultdict(int)
        self.ports: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._let_go = asyncio.Event()
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait()

    def url(self, how: str) -> str:
        return f"http://127.0.0.1:{self.ports[how]}"

    def let_go(self) -> None:
        """Hangs up on all who wait for an answer."""
        self._loop.call_soon_threadsafe(self._let_go.set)

    def hold_on(self) -> None:
        self._loop.call_soon_threadsafe(self._let_go.clear)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for how in ("well", "slow", "hole"):
            self._loop.run_until_complete(self._open(how))
        self._ready.set()
        self._loop.run_forever()

    async def _open(self, how: str) -> None:
        app = web.Application()
        app["how"] = how
        app.router.add_post("/send", self._send)
        app.router.add_get("/told", self._tell)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
        await site.start()
        self.ports[how] = runner.addresses[0][1]

    async def _send(self, request: web.Request) -> web.Response:
        arrived = time.time()
        ref = (await request.json())["ref"]
        self.sent.setdefault(ref, arrived)
        await self._dawdle(request)
        return web.json_response({"id": f"p-{ref}"})

    async def _tell(self, request: web.Request) -> web.Response:
        self.told.setdefault(request.query["ext_message_id"], time.time())
        await self._dawdle(request)
        return web.json_response({"error_code": 0})

    async def _dawdle(self, request: web.Request) -> None:
        how = request.app["how"]
        self.asked[how] += 1
        if how == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        elif how == "hole":
            await self._let_go.wait()
            if request.transport is not None:
                request.transport.close()


class House:
    """Two labels: the healthy one, and the neighbour's."""

    def __init__(self, peers: Peers) -> None:
        self.peers, self.number = peers, 0
        hosts = [peers.url(how) for how in ("well", "slow", "hole")]
        self.label, self.other = (
            Label.objects.create(slug=name, name=name, callback_api_key="key", callback_hosts=hosts)
            for name in ("healthy", "neighbour")
        )
        self.users = {
            label.pk: EndUser.objects.create(
                label=label, ext_user_id="somebody", phone="+4915112345678"
            )
            for label in (self.label, self.other)
        }
        self.healthy = self.gateway(self.label, "well")

    def gateway(self, label: Label, how: str) -> Gateway:
        self.number += 1
        return Gateway.objects.create(
            label=label,
            slug=f"gateway-{self.number}",
            name=how,
            channel="sms",
            provider="http_api",
            from_default="Bench",
            config=validate_config(
                provider_class("http_api"),
                {
                    **{"method": "POST", "url": f"{self.peers.url(how)}/send", "auth": "none"},
                    **{"body_kind": "json", "success_statuses": "200", "id_path": "id"},
                    "body": {"text": "{{ message.text }}", "ref": "{{ message.id }}"},
                },
            ),
        )

    def message(self, gateway: Gateway, how: str, **values: Any) -> Message:
        self.number += 1
        now = datetime.now(UTC)
        return Message(
            **{
                "label_id": gateway.label_id,
                "gateway": gateway,
                "end_user": self.users[gateway.label_id],
                "channel": gateway.channel,
                "uid": str(self.number),
                "repeat_key": str(self.number),
                "content": {"body": "Best offer ever"},
                "callback_url": f"{self.peers.url(how)}/told",
                "created_at": now,
                "due_at": now,
                "expires_at": now + timedelta(hours=1),
                **values,
            }
        )


@contextmanager
def neighbour(kind: str, house: House) -> Iterator[None]:
    """Moves in with a backlog; is gone, and forgotten, when the block ends."""
    how = "slow" if kind == SLOW_LABEL else "hole"
    label = house.other if kind == SLOW_LABEL else house.label
    gateway = house.gateway(label, how)  # of everybody, so that all rounds cost the same
    gateway.channel = "viber"
    gateway.save()
    house.peers.hold_on()
    sends = BACKLOG if kind in (PROVIDER_HOLE, SLOW_LABEL) else 0
    owes = BACKLOG if kind in (CALLBACK_HOLE, SLOW_LABEL) else 0
    sent = {"state": State.SENT, "due_at": None}
    Message.objects.bulk_create(house.message(gateway, how) for _ in range(sends))
    told = Message.objects.bulk_create(house.message(gateway, how, **sent) for _ in range(owes))
    CallbackDelivery.objects.bulk_create(_owed(message, how, house) for message in told)
    time.sleep(1.0)  # it is known everywhere
    if sends or owes:
        _wait_until(lambda: house.peers.asked[how] >= FILLED)
    try:
        yield
    finally:
        waiting = Message.objects.filter(gateway=gateway, state=State.QUEUED)
        waiting.update(state=State.FAILED, due_at=None)
        neighbours = CallbackDelivery.objects.filter(message__gateway=gateway)
        neighbours.owed().update(settlement=Settlement.DEAD)
        house.peers.let_go()
        gateway.is_active = False
        gateway.save()
        busy = Message.objects.filter(gateway=gateway, state=State.SENDING)
        _wait_until(lambda: not busy.exists())
        neighbours.owed().update(settlement=Settlement.DEAD)
        house.peers.asked.clear()


def _owed(message: Message, how: str, house: House) -> CallbackDelivery:
    return CallbackDelivery(
        message=message,
        label_id=message.label_id,
        host=house.peers.url(how),
        status="delivered",
        due_at=message.created_at,
        created_at=message.created_at,
    )


def measure(house: House, rate: int, seconds: float) -> dict[str, list[float]]:
    """A round: how long each of the healthy messages took, in seconds."""
    accepted: dict[str, float] = {}
    begin, step = time.monotonic(), 1 / rate
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begin + number * step - time.monotonic()))
        message_id = write(house.message(house.healthy, "well"), timedelta(hours=1))
        accepted[str(message_id)] = time.time()
    told = house.peers.told
    _wait_until(lambda: accepted.keys() <= told.keys())
    due = CallbackDelivery.objects.filter(message__in=list(accepted), status="accepted")
    due_at = {str(pk): at.timestamp() for pk, at in due.values_list("message_id", "due_at")}
    return {
        SENDING: [max(house.peers.sent[pk] - at, 0.0) for pk, at in accepted.items()],
        TELLING: [max(told[pk] - due_at[pk], 0.0) for pk in accepted],
    }


def _wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "the worker does not get on"
        time.sleep(0.05)


def run(house: House, rate: int, seconds: float, rounds: int) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {
        kind: {SENDING: [], TELLING: []} for kind in NEIGHBOURS
    }
    with neighbour(NOBODY, house):
        measure(house, rate, 1.0)  # whoever comes first would pay for the beginning
    for number in range(rounds):
        for place in range(len(NEIGHBOURS)):
            kind = NEIGHBOURS[(place + number) % len(NEIGHBOURS)]
            with neighbour(kind, house):
                for way, took in measure(house, rate, seconds).items():
                    found[kind][way] += took
    return found


def report(found: dict[str, dict[str, list[float]]], load: str) -> dict[str, Any]:
    rows = []
    for kind in NEIGHBOURS:
        for way, took in found[kind].items():
            p50, p99 = _at(took, 50), _at(took, 99)
            alone = found[NOBODY][way]
            ratios = {"p50_ratio": p50 / _at(alone, 50), "p99_ratio": p99 / _at(alone, 99)}
            rows.append(
                {
                    **{"beside": kind, "way": way, "messages": len(took)},
                    **{"p50_ms": p50 * 1_000, "p99_ms": p99 * 1_000, **ratios},
                    "holds": kind not in ALLOWED or max(ratios.values()) <= ALLOWED[kind],
                }
            )
    return {"at": datetime.now(UTC).isoformat(), "load": load, "rows": rows}


def _at(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]


def show(told: dict[str, Any]) -> None:
    print(f"{told['load']}\n")
    print("| beside | way | messages | p50 | p99 | p50 ratio | p99 ratio |")
    print("|---|---|---|---|---|---|---|")
    for row in told["rows"]:
        print(
            f"| {row['beside']} | {row['way']} | {row['messages']:,} | {row['p50_ms']:.1f} ms "
            f"| {row['p99_ms']:.1f} ms | {row['p50_ratio']:.2f} | {row['p99_ratio']:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=int, default=60, help="healthy messages a second")
    parser.add_argument("--seconds", type=float, default=4.0, help="of a round")
    parser.add_argument("--rounds", type=int, default=4, help="of each neighbour")
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    assert not Label.objects.exists(), "an empty database is needed"
    drains.load()
    assert DRAINS
    workers = int(os.environ.get("WORKERS", "1"))
    crew = Processes(
        {f"worker-{number}": manage("worker", "--processes", "1") for number in range(workers)},
        {**os.environ, "PYTHONPATH": str(ROOT)},
        HOUSE / "log",
    )
    crew.start()
    try:
        told = report(
            run(House(Peers()), given.rate, given.seconds, given.rounds), _load(given.rate, workers)
        )
    finally:
        crew.kill()
        shutil.rmtree(HOUSE, ignore_errors=True)
    show(told)
    if given.json:
        given.json.write_text(json.dumps(told, indent=2))
    sys.exit(0 if all(row["holds"] for row in told["rows"]) else 1)


def _load(rate: int, workers: int) -> str:
    from django.conf import settings
    from django.db import connection

    broker = settings.BROKER_URL.partition(":")[0] or "no broker"
    ours = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{connection.vendor}, {broker}, workers: {workers}, {rate} messages/s; "
        f"load of the machine {ours}"
    )


if __name__ == "__main__":
    main()
