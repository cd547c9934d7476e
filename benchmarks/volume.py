"""What a message takes on disk, how fast retention is, and what partitions change about it.

    createdb gatehouse_volume
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_volume DATA_DIR=/tmp/volume \
    SECRET_KEY=x PII_KEYS=... PII_INDEX_KEY=x python benchmarks/volume.py [MESSAGES] [USERS]

Fills an empty PostgreSQL database with text messages of the last hundred days, each with one try,
two statuses and two acknowledged callbacks; sealed columns hold as many bytes as sealed values do,
and do not open. Then it prints the bytes of every table and index, prunes a part of what is old
enough as the scheduler does, and removes one month of events twice: row by row from the table that
is there, and by dropping a partition of a copy. Other benchmarks call `fill` to have a past.
"""

import os
import secrets
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks.arguments import numbers
from benchmarks.bare_tables import bare
from gateway_project.lib.crypto import key_ring
from gateways.models import Brand, Gateway, Label
from gateways.models.label import all_statuses
from messages_app.models import Message
from messages_app.pruning.visits import VISITS
from messages_app.walking import walks

DAYS = 100
PRUNING_SECONDS = 20.0
TEXT = '{"body": "' + "x" * 160 + '", "from_number": "Amazing"}'
CALLBACK_URL = "https://api.smartico.ai/api/gateway/callback?tenant=amazing&message=" + "7" * 20
TABLES = (
    *("users_enduser", "messages_app_message", "messages_app_sendattempt"),
    *("messages_app_statusevent", "callbacks_callbackdelivery", "callbacks_deliveryattempt"),
)

ID = """(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid"""

USERS = """
    INSERT INTO users_enduser (id, label_id, brand_id, ext_user_id, sealed_properties, email,
        email_index, phone, phone_index, created_at, updated_at)
    SELECT md5('user' || n)::uuid, %(label)s, %(brand)s, 'past-' || n, %(properties)s, %(email)s,
        md5('e' || n) || md5('f' || n), %(phone)s, md5('p' || n) || md5('q' || n), now(), now()
    FROM generate_series(1, %(users)s) AS n
"""
MESSAGES = f"""
    INSERT INTO messages_app_message (id, label_id, brand_id, gateway_id, end_user_id, channel, uid,
        repeat_key, fingerprint, activity_type, content, callback_url, notes, chosen_because,
        is_test, is_set_aside, state, status, attempts, expires_at, created_at, pruned_statuses)
    SELECT {ID}, %(label)s, %(brand)s, %(gateway)s, md5('user' || 1 + n %% %(users)s)::uuid, 'sms',
        'past-' || n, md5('r' || n), md5('t' || n) || md5('u' || n), '',
        %(content)s, %(callback_url)s, '[]', 'Text messages: the only one that fits', false, false,
        'sent', 'delivered', 1, at + interval '1 day', at, '[]'
    FROM generate_series(1, %(messages)s) AS n
    CROSS JOIN LATERAL (SELECT now() - %(days)s * interval '1 day' * (1 - n::float / %(messages)s)
        AS at) AS moments
"""  # noqa: S608  no value of anybody's is in it
REST = (
    """
    INSERT INTO messages_app_sendattempt (message_id, gateway_id, number, outcome, detail, cause,
        provider_id, address_index, address_channel, started_at, finished_at)
    SELECT id, gateway_id, 1, 'accepted', '', '', id::text, md5(id::text) || md5(uid), 'sms',
        created_at, created_at + interval '50 ms'
    FROM messages_app_message
    """,
    """
    INSERT INTO messages_app_statusevent (message_id, status, detail, cause, occurred_at,
        recorded_at, is_reported, is_machine, is_our_own)
    SELECT id, learnt.status, '', '', created_at, created_at, true, false, false
    FROM messages_app_message
    CROSS JOIN (VALUES ('accepted'), ('delivered')) AS learnt (status)
    """,
    """
    INSERT INTO callbacks_callbackdelivery (message_id, label_id, host, status, settlement,
        attempts, times_not_found, due_at, created_at, settled_at)
    SELECT message_id, %(label)s, 'https://api.smartico.ai', status, 'acknowledged', 1, 0,
        recorded_at, recorded_at, recorded_at + interval '1 second'
    FROM messages_app_statusevent
    """,
    """
    INSERT INTO callbacks_deliveryattempt (delivery_id, started_at, finished_at, http_status,
        outcome, detail)
    SELECT id, created_at, created_at + interval '20 ms', 200, 'acknowledged', ''
    FROM callbacks_callbackdelivery
    """,
)
"""Each reads what is there in the order in which it was written."""

PARTITIONS = (
    "CREATE TABLE event_by_month (LIKE messages_app_statusevent) PARTITION BY RANGE (message_id)",
    "ALTER TABLE event_by_month ADD UNIQUE (message_id, status, is_machine)",
    "CREATE TABLE event_month PARTITION OF event_by_month"
    " FOR VALUES FROM ('00000000-0000-0000-0000-000000000000') TO ('{until}')",
    "CREATE TABLE event_later PARTITION OF event_by_month"
    " FOR VALUES FROM ('{until}') TO ('ffffffff-ffff-ffff-ffff-ffffffffffff')",
    "INSERT INTO event_by_month SELECT * FROM messages_app_statusevent",
)


def fill(label: Label, gateway: Gateway, *, messages: int, users: int) -> None:
    """A past for this label and gateway, which have none yet. Sealed values in it have the right
    length, and no more."""
    brand = Brand.objects.filter(label=label).order_by("pk").first()
    values: dict[str, str | int | None] = {
        "label": label.pk,
        "brand": brand.pk if brand else None,
        "gateway": gateway.pk,
        "users": users,
        "messages": messages,
        "days": DAYS,
        "content": sealed_like(TEXT),
        "callback_url": sealed_like(CALLBACK_URL),
        "email": sealed_like("person.number@mailbox.example"),
        "phone": sealed_like("+4915112345678"),
        "properties": sealed_like('{"country": "DE", "market": "north"}'),
    }
    with bare(TABLES):
        for statement in (USERS, MESSAGES, *REST):
            began = time.monotonic()
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                say(f"{' '.join(statement.split()[:3])}: {cursor.rowcount:,} rows", began)
        began = time.monotonic()
    say("indexes", began)
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    say("vacuumed", began)


def sealed_like(text: str) -> str:
    """As long as the sealed text, and as hard to compress."""
    length = len(key_ring().seal(text, column="a.column", row="a row"))
    return secrets.token_urlsafe(length)[:length]


def show_sizes() -> None:
    per = Message.objects.count()
    print(f"{'table':32} {'rows':>12} {'heap':>8} {'indexes':>8}   bytes a message")
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}')"  # noqa: S608
                f" FROM {table}"
            )
            rows, heap, indexes = cursor.fetchone()
            print(f"{table:32} {rows:12,} {heap // per:8,} {indexes // per:8,}")
        cursor.execute(
            "SELECT relname, indexrelname, pg_relation_size(indexrelid) FROM pg_stat_user_indexes"
            " WHERE relname = ANY(%s) ORDER BY 3 DESC LIMIT 25",
            [list(TABLES)],
        )
        for _table, index, size in cursor.fetchall():
            print(f"  {index:50} {size // per:6,}")


def measure_pruning() -> None:
    """Stage after stage on what is old enough, as long as it takes or `PRUNING_SECONDS`."""
    for visit in VISITS:
        began, looked_at = time.monotonic(), 0
        for walk in walks([visit]):
            while time.monotonic() - began < PRUNING_SECONDS:
                done = walk.step()
                looked_at += done
                if not done:
                    break
        took = time.monotonic() - began
        print(
            f"prune, {visit.stage.label.lower()}: {looked_at:,} messages, {looked_at / took:,.0f}/s"
        )


def measure_partitions() -> None:
    """The older half of the events goes: from the table that is there, and from a copy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM messages_app_message ORDER BY id OFFSET %s LIMIT 1",
                       [Message.objects.count() // 2])  # fmt: skip
        (until,) = cursor.fetchone()
        for statement in PARTITIONS:
            cursor.execute(statement.format(until=until))
        began = time.monotonic()
        cursor.execute("DROP TABLE event_month")
        say("half of the events dropped with their partition", began)
        began = time.monotonic()
        cursor.execute("DELETE FROM messages_app_statusevent WHERE message_id < %s", [until])
        say(f"{cursor.rowcount:,} events deleted", began)
        began = time.monotonic()
        cursor.execute("VACUUM messages_app_statusevent")
        say("and vacuumed", began)
        cursor.execute("DROP TABLE event_by_month")


def say(what: str, began: float) -> None:
    print(f"{what}: {time.monotonic() - began:.2f} s", flush=True)


def main() -> None:
    messages, users = numbers(1_000_000, 100_000)
    call_command("migrate", verbosity=0)
    if not Message.objects.exists():
        label = Label.objects.create(
            slug="label", name="Label", callback_statuses=all_statuses(), retention={}
        )
        Brand.objects.create(label=label, slug="a", name="A")
        gateway = Gateway.objects.create(
            label=label, slug="g", name="G", channel="sms", provider="sandbox", config={}
        )
        fill(label, gateway, messages=messages, users=users)
    show_sizes()
    measure_pruning()
    measure_partitions()


if __name__ == "__main__":
    main()
