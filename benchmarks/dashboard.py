"""How fast the home page is before a million messages, and what one round of counting costs.

    createdb gatehouse_million
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_million DATA_DIR=/tmp/million \
    SECRET_KEY=x PII_KEYS=... PII_INDEX_KEY=x python benchmarks/dashboard.py [MESSAGES]

Fills an empty PostgreSQL database: a month of messages to twenty gateways of three labels, each
with a try, three statuses and three callbacks, at a steady rate until now. A second call measures
what is there.
"""

import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks.arguments import numbers
from gateway_project.back_office.dashboard.period import PERIODS
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway, Label
from messages_app.counting.folding import fold
from messages_app.counting.recounting import recount
from messages_app.models import Counted, Message, Tally

DAYS = 30
ROUNDS = 10
PARTS = (
    """
    INSERT INTO messages_app_message (id, label_id, gateway_id, channel, uid, repeat_key,
        fingerprint, activity_type, notes, chosen_because, is_test, state, status, attempts,
        expires_at, created_at)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
        g.label_id, g.id, g.channel, n::text, n::text, '', '', '[]', '', false,
        CASE WHEN n %% 5000 = 0 THEN 'unknown' WHEN n %% 2000 = 0 THEN 'queued' ELSE 'sent' END,
        'opened', 1, at + interval '1 day', at
    FROM generate_series(1, %(count)s) AS n
    CROSS JOIN LATERAL (SELECT now() - %(days)s * interval '1 day' * (1 - n::float / %(count)s)
        AS at) AS moments
    JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM gateways_gateway) AS g
        ON g.place = n %% (SELECT count(*) FROM gateways_gateway)
    """,
    "UPDATE messages_app_message SET due_at = created_at WHERE state = 'queued'",
    """
    INSERT INTO messages_app_sendattempt (message_id, gateway_id, number, outcome, detail,
        cause, provider_id, started_at, finished_at)
    SELECT id, gateway_id, 1, CASE WHEN random() < 0.02 THEN 'unavailable' ELSE 'accepted' END,
        '', '', id::text, created_at, created_at + random() * interval '900 ms'
    FROM messages_app_message ORDER BY created_at
    """,
    """
    INSERT INTO messages_app_statusevent (message_id, status, detail, cause, occurred_at,
        recorded_at, is_reported, is_machine)
    SELECT id, status, '', '', at, at, true, false FROM (
        SELECT id, learnt.status, least(now(), created_at + after) AS at FROM messages_app_message,
        (VALUES ('accepted', interval '1 second'), ('delivered', interval '5 seconds'),
            ('opened', interval '20 minutes')) AS learnt (status, after)
    ) AS events ORDER BY at
    """,
    """
    INSERT INTO callbacks_callbackdelivery (message_id, label_id, host, status, settlement,
        attempts, due_at, created_at, settled_at)
    SELECT e.message_id, m.label_id, 'https://api.smartico.ai', e.status, CASE
        WHEN e.id %% 3000 = 0 THEN 'dead' WHEN e.id %% 1000 = 0 THEN 'owed' ELSE 'acknowledged'
        END, 1, e.recorded_at, e.recorded_at, e.recorded_at + interval '1 second'
    FROM messages_app_statusevent e JOIN messages_app_message m ON m.id = e.message_id
    ORDER BY e.id
    """,
    """
    INSERT INTO callbacks_deliveryattempt (delivery_id, started_at, finished_at, http_status,
        outcome, detail)
    SELECT id, created_at, least(now(), created_at + random() * interval '3 seconds'), 200,
        CASE settlement WHEN 'acknowledged' THEN 'acknowledged' ELSE 'failed' END, ''
    FROM callbacks_callbackdelivery ORDER BY id
    """,
)


def fill(count: int) -> None:
    labels = [Label.objects.create(slug=f"label-{n}", name=f"Label {n}") for n in range(3)]
    channels = list(Channel)
    for n in range(20):
        Gateway.objects.create(
            label=labels[n % 3],
            slug=f"gateway-{n}",
            name=f"Gateway {n}",
            channel=channels[n % len(channels)],
            provider="sandbox",
            config={},
        )
    with connection.cursor() as cursor:
        for part in PARTS:
            began = time.monotonic()
            cursor.execute(part, {"count": count, "days": DAYS} if "%(" in part else {})
            say(f"{' '.join(part.split()[:3])}: {cursor.rowcount:,} rows", began)
        cursor.execute("VACUUM ANALYZE")


def count_all() -> None:
    """What a scheduler does at its first start, tick after tick."""
    began, ticks, longest = time.monotonic(), 0, 0.0
    while True:
        tick = time.monotonic()
        done = recount() + fold()
        ticks, longest = ticks + 1, max(longest, time.monotonic() - tick)
        if not done:
            break
    say(f"caught up in {ticks} ticks, the longest {longest * 1000:.0f} ms", began)


def measure_tick() -> None:
    took = []
    for _ in range(ROUNDS):
        Counted.objects.update(counted_at=timezone.now() - timedelta(minutes=1))
        began = time.monotonic()
        recount()
        took.append(time.monotonic() - began)
    print(f"a round of counting: {in_ms(took)}")


def measure_page() -> None:
    browser = Client(HTTP_HOST="localhost")
    user = User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)[0]
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    began = time.monotonic()
    browser.get("/admin/")
    say("the first page of a process", began)
    for label in ("", Label.objects.values_list("pk", flat=True)[0]):
        for key in PERIODS:
            took = []
            for _ in range(ROUNDS):
                began = time.monotonic()
                answer = browser.get("/admin/", {"range": key, "label": label})
                took.append(time.monotonic() - began)
                assert answer.status_code == 200
            size = f"{len(answer.content) // 1024} KiB"
            print(f"/admin/?range={key}&label={label}: {in_ms(took)}, {size}")


def in_ms(took: list[float]) -> str:
    return f"median {statistics.median(took) * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms"


def say(what: str, began: float) -> None:
    print(f"{what}: {time.monotonic() - began:.2f} s", flush=True)


def main() -> None:
    call_command("migrate", verbosity=0)
    if not Message.objects.exists():
        fill(*numbers(1_000_000))
        count_all()
    print(f"{Message.objects.count():,} messages, {Tally.objects.count():,} tallies")
    measure_tick()
    measure_page()


if __name__ == "__main__":
    main()
