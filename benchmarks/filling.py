"""Fills a house, in its own surroundings: `python -m benchmarks.filling users 10000`."""

import os
import sys
from datetime import timedelta
from itertools import islice

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.utils import timezone

from gateways.models import Gateway, Label
from messages_app.models import Message
from users.models import EndUser

AT_ONCE = 1_000
TEXT = "Your weekend bonus is waiting: 50 free spins until Sunday midnight."


def fill_users(count: int) -> None:
    label = Label.objects.get()
    EndUser.objects.bulk_create(
        (
            EndUser(
                label=label,
                ext_user_id=f"user-{n}",
                email=f"person.{n}@mailbox.example",
                phone=f"+49151{n:08d}",
            )
            for n in range(count)
        ),
        batch_size=AT_ONCE,
    )


def fill_messages(channel: str, count: int) -> None:
    """Messages that wait to be sent, all due."""
    gateway = Gateway.objects.get(channel=channel)
    users = list(EndUser.objects.values_list("pk", flat=True)[:10_000])
    now = timezone.now()
    messages = (
        Message(
            label_id=gateway.label_id,
            gateway=gateway,
            end_user_id=users[n % len(users)],
            channel=channel,
            uid=str(n),
            repeat_key=str(n),
            content={"from_number": "Amazing", "body": TEXT},
            callback_url=os.environ["BENCH_CALLBACK"],
            created_at=now,
            due_at=now,
            expires_at=now + timedelta(days=1),
        )
        for n in range(count)
    )
    while batch := list(islice(messages, AT_ONCE)):
        Message.objects.bulk_create(batch)


def forget() -> None:
    for relation in Message._meta.related_objects:
        if relation.auto_created and not relation.many_to_many:
            relation.related_model.objects.all().delete()
    Message.objects.all().delete()


def main() -> None:
    match sys.argv[1:]:
        case ["users", count]:
            fill_users(int(count))
        case ["messages", channel, count]:
            fill_messages(channel, int(count))
        case ["forget"]:
            forget()


if __name__ == "__main__":
    main()
