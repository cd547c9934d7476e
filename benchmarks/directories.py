"""How many messages a second are accepted, by where the label's users are.

    createdb gatehouse_directories
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_directories DATA_DIR=/tmp/directories \
    SECRET_KEY=x PII_INDEX_KEY=x PII_KEYS=k1:$(openssl rand -base64 32) EGRESS_ALLOW=127.0.0.0/8 \
    python benchmarks/directories.py [USERS] [MILLISECONDS]

Without DATABASE_URL and the keys it is an embedded database under DATA_DIR. Fills an empty database
with three labels: users stored here, behind an endpoint that answers after so many milliseconds,
and in another database (an SQLite file with an index). A real web server is posted one message for
each user, 32 at a time, and once more: then the directories' answers are kept.
"""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

import aiohttp
from aiohttp import web
from django.core.management import call_command

from benchmarks.arguments import numbers
from gateway_project.lib.personal import Personal
from gateways.config_file.fields import DirectoryField
from gateways.models import Gateway, Key, Label
from gateways.models.key import secret_digest
from tests.operations.surroundings import environment, free_port, is_ready, wait_until
from users.models import EndUser

AT_ONCE = 32
CALLBACK = "https://api.smartico.ai/callback"


def a_label(slug: str, directory: Personal | None) -> Label:
    label = Label.objects.create(
        slug=slug, name=slug, directory=directory, callback_hosts=["api.smartico.ai"]
    )
    Key.objects.create(label=label, kind="smartico", digest=secret_digest(slug))
    Gateway.objects.create(
        label=label, slug="g", name="G", channel="sms", provider="sandbox", config={}
    )
    return label


def fill(users: int, file: Path, url: str) -> None:
    stored = a_label("stored", None)
    EndUser.objects.bulk_create(
        (EndUser(label=stored, ext_user_id=f"u{n}", phone=number(n)) for n in range(users)),
        batch_size=1_000,
    )
    read = DirectoryField().run_validation
    a_label("http", read({"kind": "http", "url": f"{url}/{{ext_user_id}}"}))
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE players (id text PRIMARY KEY, phone text)")
        rows = ((f"u{n}", number(n)) for n in range(users))
        connection.executemany("INSERT INTO players VALUES (?, ?)", rows)
    query = "SELECT phone FROM players WHERE id = :ext_user_id"
    a_label("sql", read({"kind": "sql", "dsn": f"sqlite:///{file}", "query": query}))


def number(n: int) -> str:
    return f"+49151{n:08d}"


def serve_platform(port: int, milliseconds: float) -> None:
    """The platform's endpoint: knows everybody."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(milliseconds / 1000)
        return web.json_response({"phone": number(int(request.path[2:]))})

    application = web.Application()
    application.router.add_get("/{ext_user_id}", answer)
    web.run_app(application, host="127.0.0.1", port=port, print=lambda _: None)


@contextmanager
def running(*command: str, port: int) -> Iterator[None]:
    surroundings = environment(Path(os.environ.get("DATA_DIR", "var")), port)
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=surroundings)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def measure(url: str, label: str, users: int, what: str) -> None:
    """Posts a message for each user, and prints how fast they were taken."""
    names = iter(range(users))
    took: list[float] = []
    async with aiohttp.ClientSession(headers={"Authorization": label}) as session:
        began = time.monotonic()
        await asyncio.gather(*(post_on(session, url, what, names, took) for _ in range(AT_ONCE)))
    rate = users / (time.monotonic() - began)
    ninety_nine = statistics.quantiles(took, n=100)[98] * 1000
    print(
        f"{label}, {what}: {rate:,.0f} accepted/s, "
        f"median {statistics.median(took) * 1000:.0f} ms, p99 {ninety_nine:.0f} ms",
        flush=True,
    )


async def post_on(
    session: aiohttp.ClientSession, url: str, what: str, names: Iterator[int], took: list[float]
) -> None:
    for n in names:
        body = {
            "ext_user_id": f"u{n}",
            "im_uid": f"{what}-{n}",
            "callback_url": CALLBACK,
            "from_number": "Amazing",
            "body": "Best offer ever",
        }
        began = time.monotonic()
        async with session.post(url, json=body) as response:
            answer = await response.json()
        took.append(time.monotonic() - began)
        assert answer["error_code"] == 0, answer


def main() -> None:
    if sys.argv[1:2] == ["platform"]:
        return serve_platform(int(sys.argv[2]), float(sys.argv[3]))
    users, milliseconds = numbers(3_000, 20)
    call_command("migrate", verbosity=0)
    assert not Label.objects.exists(), "an empty database is needed"
    port = free_port()
    platform = port + 1
    with tempfile.TemporaryDirectory() as folder:
        fill(users, Path(folder) / "players.sqlite3", f"http://127.0.0.1:{platform}")
        with (
            running(__file__, "platform", str(platform), str(milliseconds), port=port),
            running("manage.py", "serve", "--port", str(port), port=port),
        ):
            wait_until(lambda: is_ready(port))
            for label in ("stored", "http", "sql"):
                for what in ("asked", "kept"):
                    url = f"http://127.0.0.1:{port}/api/v1/sms"
                    asyncio.run(measure(url, label, users, what))
    return None


if __name__ == "__main__":
    main()
