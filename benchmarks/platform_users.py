"""How many users a second the platform API takes in bulk, and what memory that costs the server.

    createdb gatehouse_platform
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_platform DATA_DIR=/tmp/platform \
    SECRET_KEY=x PII_KEYS=... PII_INDEX_KEY=x python benchmarks/platform_users.py [USERS] [CALLERS]

Without DATABASE_URL it is an embedded database under DATA_DIR. Starts `manage.py serve` before an
empty database and posts users to it, 10,000 in a request, by so many callers at a time: they are
created, told again as they are, and told with other addresses and another property. Once as JSON
arrays and once as NDJSON. Beside the rate stands the processor time of the server's processes, the
database's not among them: on a machine that does other things too, it says more.
"""

import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks.arguments import numbers
from gateway_project.lib.vocabulary import KeyKind
from gateway_project.operations.processes import Processes, manage
from gateways.models import Brand, Key, Label
from gateways.models.key import secret_digest

SECRET = "the-secret-of-the-benchmark"  # noqa: S105  of an empty database
AT_ONCE = 10_000
CONTENT_TYPES = {"JSON": "application/json", "NDJSON": "application/x-ndjson"}
START_SECONDS = 30.0


def user(number: int, kind: str, turn: int) -> dict[str, object]:
    return {
        "ext_user_id": f"{kind}-{number}",
        "brand": "a",
        "email": f"person.{number}.{turn}@mailbox.example",
        "phone": f"+49151{(number + turn) % 10**8:08d}",
        "properties": {"country": "DE", "market": "north", "level": number % 50 + turn},
    }


def bodies(users: int, kind: str, turn: int) -> Iterator[bytes]:
    for first in range(0, users, AT_ONCE):
        told = [user(number, kind, turn) for number in range(first, min(first + AT_ONCE, users))]
        if kind == "JSON":
            yield json.dumps(told).encode()
        else:
            yield "\n".join(map(json.dumps, told)).encode()


def post(port: int, kind: str, body: bytes) -> Counter[str]:
    """How many results of each outcome were answered."""
    called = HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": SECRET, "Content-Type": CONTENT_TYPES[kind]}
    called.request("POST", "/platform/v1/users", body, headers)
    answer = called.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 200, told
    return Counter(result.get("outcome", "error") for result in told["results"])


def measure(port: int, users: int, callers: int, kind: str, turn: int) -> None:
    requests = list(bodies(users, kind, turn))
    began, worked = time.monotonic(), processor_seconds()
    with ThreadPoolExecutor(callers) as pool:
        outcomes = sum(pool.map(lambda body: post(port, kind, body), requests), Counter[str]())
    took, worked = time.monotonic() - began, processor_seconds() - worked
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes.items())
    each = worked / users * 1_000_000
    print(f"{kind}, {told}: {users / took:,.0f} users/s, {each:.0f} us each", flush=True)


@contextmanager
def serving(port: int) -> Iterator[Processes]:
    server = Processes({"serve": manage("serve", "--port", str(port))})
    server.start()
    try:
        wait_for(port)
        yield server
        print(f"memory of the server's processes at their peak: {peaks()}", flush=True)
    finally:
        server.stop()


def wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server does not listen")


def peaks() -> str:
    """The most that each process that serves has held in memory, in MB."""
    found = []
    for process in descendants(os.getpid()):
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
        )
        found.append(f"{int(status['VmHWM'].split()[0]) / 1024:.0f} MB")
    return ", ".join(found)


def processor_seconds() -> float:
    """What the processes that serve have worked so far."""
    ticks = 0
    for process in descendants(os.getpid()):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from descendants(child)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tidy() -> None:
    """What autovacuum does in a house, between one round and the next."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def main() -> None:
    users, callers = numbers(100_000, 2)
    call_command("migrate", verbosity=0)
    assert not Label.objects.exists(), "an empty database is needed"
    label = Label.objects.create(slug="label", name="Label")
    Brand.objects.create(label=label, slug="a", name="A")
    Key.objects.create(label=label, kind=KeyKind.PLATFORM, digest=secret_digest(SECRET))
    with serving(port := free_port()):
        for kind in CONTENT_TYPES:
            for turn in (0, 0, 1):
                measure(port, users, callers, kind, turn)
                tidy()


if __name__ == "__main__":
    main()
