"""The stage: everything that a drill needs, put up and taken down."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import aiohttp
from django.conf import settings

from gateway_project.operations.drill import urls
from gateway_project.operations.drill.caller import (
    FIRST,
    LEAVER,
    REQUEST_SECONDS,
    SECOND,
    USERS,
    Caller,
    Tenant,
)
from gateway_project.operations.drill.crew import Crew
from gateway_project.operations.drill.ear import Ear
from gateway_project.operations.drill.house import PYTHON, House, free_port
from gateway_project.operations.drill.mailroom import HOST
from gateway_project.operations.drill.nursery import Nursery
from gateway_project.operations.drill.plan import Plan
from gateway_project.operations.drill.provider import Desk
from gateway_project.operations.drill.scene import Scene
from gateway_project.operations.drill.wire import Wire
from gateway_project.operations.processes import Processes

POSTGRESQL_PORT = 5432
BROKER_PORTS = {"amqp": 5672, "redis": 6379}
START_SECONDS = 30.0
LABELS = {FIRST: "a", SECOND: "b"}
"""The labels, and the brand of each."""
LOOK_SECONDS = 0.1


class NotReady(Exception):
    """Something did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """The workers have a wire of their own to the database, so that they alone can be held up.
    None stands where there is nothing to reach, or no way to."""

    sending: Wire
    of_workers: Wire | None
    of_others: Wire | None
    broker: Wire | None


@asynccontextmanager
async def stage(plan: Plan, house: House) -> AsyncIterator[Scene]:
    """A scene at work: the house is built, the crew is there, and the users are known."""
    async with AsyncExitStack() as stack:
        house.directory.mkdir(parents=True, exist_ok=True)
        session = await stack.enter_async_context(_session())
        dice = Random(plan.seed)  # noqa: S311  not for secrets
        ear, second_ear = [await _ear(stack, plan, house, dice, label) for label in LABELS]
        provider_port, mail_port = free_port(), free_port()
        provider = _provider(house, provider_port, mail_port, plan.seed)
        provider.start()
        stack.callback(provider.kill)
        wires = await _wires(stack, provider_port)
        caller = _caller(session, house, {FIRST: ear, SECOND: second_ear}, dice)
        stack.callback(caller.stop)
        scene = Scene(
            dice=dice,
            house=house,
            crew=_crew(stack, house, wires),
            caller=caller,
            ear=ear,
            second_ear=second_ear,
            desk=Desk(session, provider_port),
            sending=wires.sending,
            database=wires.of_workers,
            web_database=wires.of_others,
            broker=wires.broker,
        )
        stack.callback(scene.clerk.shutdown)
        ports = {
            "FIRST_EAR": ear.port,
            "SECOND_EAR": second_ear.port,
            "PROVIDER": wires.sending.port,
            "MAIL": mail_port,
        }
        await scene.ask(partial(house.build, ports))
        stack.callback(scene.crew.disband)
        workers = [f"worker-{number}" for number in range(1, plan.workers + 1)]
        await asyncio.to_thread(scene.crew.start_all, workers)
        await _bring_users(house, session)
        yield scene


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)


async def _ear(stack: AsyncExitStack, plan: Plan, house: House, dice: Random, label: str) -> Ear:
    api_key = house.secrets[f"DRILL_{label.upper()}_API_KEY"]
    ear = Ear(api_key, dice, most_refusals=plan.most_refusals)
    await ear.open()
    stack.push_async_callback(ear.close)
    return ear


def _caller(
    session: aiohttp.ClientSession, house: House, ears: Mapping[str, Ear], dice: Random
) -> Caller:
    tenants = {
        label: Tenant(
            authorization=house.secrets[f"DRILL_{label.upper()}_AUTHORIZATION"],
            callback_url=ear.url,
        )
        for label, ear in ears.items()
    }
    return Caller(session, url=house.url, tenants=tenants, dice=dice)


async def _wires(stack: AsyncExitStack, provider_port: int) -> Wires:
    sending = Wire(HOST, provider_port)
    await _opened(stack, sending)
    return Wires(
        sending=sending,
        of_workers=await _opened(stack, _wire_to(_database())),
        of_others=await _opened(stack, _wire_to(_database())),
        broker=await _opened(stack, _wire_to(_broker())),
    )


def _wire_to(address: tuple[str, int] | None) -> Wire | None:
    return None if address is None else Wire(*address)


async def _opened(stack: AsyncExitStack, wire: Wire | None) -> Wire | None:
    if wire is not None:
        await wire.open()
        stack.push_async_callback(wire.take_away)
    return wire


def _crew(stack: AsyncExitStack, house: House, wires: Wires) -> Crew:
    of_workers = house.environment(_port(wires.of_workers), _port(wires.broker))
    of_others = house.environment(_port(wires.of_others), _port(wires.broker))
    nurseries = [Nursery(each, house.log) for each in (of_workers, of_others)]
    for nursery in nurseries:
        stack.callback(nursery.close)
    return Crew(*nurseries)


def _port(wire: Wire | None) -> int | None:
    return None if wire is None else wire.port


def _provider(house: House, port: int, mail_port: int, seed: int) -> Processes:
    command = {"provider": house.provider_command(port, mail_port, seed)}
    return Processes(command, {**os.environ, **PYTHON}, house.log)


def _database() -> tuple[str, int] | None:
    if settings.EMBEDDED:
        return None
    return urls.address_of(settings.DATABASE_URL, POSTGRESQL_PORT)


def _broker() -> tuple[str, int] | None:
    scheme = settings.BROKER_URL.partition(":")[0]
    return urls.address_of(settings.BROKER_URL, BROKER_PORTS.get(scheme, 0))


async def _bring_users(house: House, session: aiohttp.ClientSession) -> None:
    """As soon as the web server takes them. Raises NotReady where it never does."""
    deadline = time.monotonic() + START_SECONDS
    for label, brand in LABELS.items():
        key = house.secrets[f"DRILL_{label.upper()}_PLATFORM_KEY"]
        users = [_user(f"drill-user-{n}", n, brand) for n in range(USERS)]
        users.append(_user(LEAVER, USERS, brand))
        while not await _are_taken(session, f"{house.url}/platform/v1/users", key, users):
            if time.monotonic() > deadline:
                raise NotReady("the web server did not start")
            await asyncio.sleep(LOOK_SECONDS)


async def _are_taken(
    session: aiohttp.ClientSession, url: str, key: str, users: list[dict[str, str]]
) -> bool:
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with session.post(url, json=users, headers={"Authorization": key}) as answer:
            return answer.status == 200
    return False


def _user(ext_user_id: str, number: int, brand: str) -> dict[str, str]:
    """Numbers and addresses that nobody has."""
    return {
        "ext_user_id": ext_user_id,
        "brand": brand,
        "phone": f"+4915112345{number:03}",
        "email": f"user-{number}@drill.example",
    }
