"""How many rows a second a rotation seals anew, and what it costs those who work meanwhile.

    createdb gatehouse_rotation
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_rotation DATA_DIR=/tmp/rotation \
    SECRET_KEY=x PII_INDEX_KEY=x python benchmarks/rotation.py [USERS] [MESSAGES]

Without DATABASE_URL it is an embedded database under DATA_DIR. Fills an empty database with users
(e-mail address and phone) and messages (2 KB of content, a callback_url), sealed with a key of the
run's own; then puts another key first and rotates, several times, with batches of several sizes.
A second process finds users and opens their addresses, as accepting does, alone and meanwhile.
"""

import base64
import os
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
BATCHES = (200, 1_000, 5_000)
KEYS = os.environ.setdefault(
    "PII_KEYS",
    ",".join(f"k{n}:{base64.b64encode(os.urandom(32)).decode()}" for n in range(len(BATCHES) + 1)),
)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from benchmarks.arguments import numbers
from gateway_project.lib.crypto import key_ring
from gateway_project.lib.resealing import reseal
from gateway_project.lib.sealed_tables import sealed_tables
from gateways.models import Gateway, Label
from gateways.rotating import count_rows, rotation
from messages_app.models import Message
from users.models import EndUser

AT_ONCE = 5_000
LOOKING_SECONDS = 5.0


def fill(users: int, messages: int) -> None:
    label = Label.objects.create(slug="label", name="Label")
    gateway = Gateway.objects.create(
        label=label, slug="g", name="G", channel="sms", provider="sandbox", config={}
    )
    began = time.monotonic()
    for first in range(0, users, AT_ONCE):
        EndUser.objects.bulk_create(
            EndUser(
                label=label,
                ext_user_id=f"user-{n}",
                email=f"person.{n}@mailbox.example",
                phone=f"+49151{n:08d}",
            )
            for n in range(first, min(first + AT_ONCE, users))
        )
    say(f"{users:,} users made", began)
    began, now = time.monotonic(), timezone.now()
    for first in range(0, messages, AT_ONCE):
        Message.objects.bulk_create(
            Message(
                label=label,
                gateway=gateway,
                channel="sms",
                uid=str(n),
                repeat_key=str(n),
                content={"body": "x" * 2_000},
                callback_url="https://api.smartico.ai/callback?tenant=amazing",
                state="sent",
                created_at=now,
                expires_at=now + timedelta(days=1),
            )
            for n in range(first, min(first + AT_ONCE, messages))
        )
    say(f"{messages:,} messages made", began)


def tidy() -> None:
    """What autovacuum does in a house, between one rotation and the next."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def put_first(position: int) -> None:
    """The key of that position comes first; all others stay on the ring."""
    entries = KEYS.split(",")
    settings.PII_KEYS = ",".join([entries[position], *entries[:position], *entries[position + 1 :]])


def measure_counting() -> None:
    began = time.monotonic()
    count_rows(key_ring())
    say("rows counted by key", began)


def measure_tables(batch: int) -> None:
    for table in sealed_tables():
        began = time.monotonic()
        rows = sum(done.changed for done in reseal(table, key_ring(), batch))
        if rows > AT_ONCE:
            took = time.monotonic() - began
            print(f"{table.name}, {batch:,} at a time: {rows / took:,.0f} rows/s", flush=True)


def measure_whole(batch: int) -> None:
    """As the command does it, its counting included."""
    began = time.monotonic()
    with rotation(batch) as run:
        run.begin()
        for _ in run.walk():
            pass
        run.conclude()
    took = time.monotonic() - began
    print(f"a whole rotation: {run.changed:,} rows in {took:.1f} s", flush=True)


def look_up() -> None:
    """Finds users and opens their addresses, for some seconds; prints how long one took."""
    ids = list(EndUser.objects.values_list("ext_user_id", flat=True)[:1_000])
    took, until = [], time.monotonic() + LOOKING_SECONDS
    while time.monotonic() < until:
        for ext_user_id in ids:
            began = time.monotonic()
            user = EndUser.objects.get(label=1, ext_user_id=ext_user_id)
            assert None not in (user.address("email"), user.address("sms"))
            took.append(time.monotonic() - began)
    ninety_nine = statistics.quantiles(took, n=100)[98] * 1000
    print(f"{len(took)}: median {statistics.median(took) * 1000:.2f} ms, p99 {ninety_nine:.2f} ms")


def looker() -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  this file
        [sys.executable, __file__, "look"], env={**os.environ, "PII_KEYS": KEYS}, text=True
    )


def say(what: str, began: float) -> None:
    print(f"{what}: {time.monotonic() - began:.2f} s", flush=True)


def main() -> None:
    if sys.argv[1:] == ["look"]:
        return look_up()
    users, messages = numbers(200_000, 100_000)
    call_command("migrate", verbosity=0)
    assert not Label.objects.exists(), "an empty database is needed"
    put_first(0)
    fill(users, messages)
    tidy()
    measure_counting()
    print("looking users up, alone:", flush=True)
    looker().wait()
    for position, batch in enumerate(BATCHES[:-1], start=1):
        put_first(position)
        measure_tables(batch)
        tidy()
    put_first(len(BATCHES))
    print("looking users up meanwhile:", flush=True)
    meanwhile = looker()
    measure_whole(BATCHES[1])
    meanwhile.wait()
    return None


if __name__ == "__main__":
    main()
