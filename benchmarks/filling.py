"""Fills a house, in its own surroundings: `python -m benchmarks.filling users bench 10000`."""

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.utils import timezone

from benchmarks.loading import prefix
from gateway_project.lib.vocabulary import Status
from gateways.adapters import webhook_url
from gateways.models import Gateway, Label
from messages_app.models import Message, SendAttempt, State, StatusEvent
from users.models import EndUser

AT_ONCE = 1_000
TEXT = "Your weekend bonus is waiting: 50 free spins until Sunday midnight."


def fill_users(label_slug: str, count: int) -> None:
    label = Label.objects.get(slug=label_slug)
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


def gateway_of(channel: str) -> Gateway:
    return Gateway.objects.get(label__slug="bench", channel=channel)


def fill_messages(channel: str, count: int) -> None:
    """Messages that wait to be sent, all due."""
    for batch in batched(messages(gateway_of(channel), count, due_at=timezone.now())):
        Message.objects.bulk_create(batch)


def fill_sent(channel: str, count: int) -> None:
    """Messages that a provider has taken, and of which it has reported nothing."""
    gateway, now = gateway_of(channel), timezone.now()
    sent = messages(gateway, count, state=State.SENT, status=Status.ACCEPTED, attempts=1)
    for batch in batched(sent):
        Message.objects.bulk_create(batch)
        SendAttempt.objects.bulk_create(
            SendAttempt(
                message=message,
                gateway=gateway,
                number=1,
                outcome="accepted",
                provider_id=f"p-{message.pk}",
                started_at=now,
                finished_at=now,
            )
            for message in batch
        )
        StatusEvent.objects.bulk_create(
            StatusEvent(
                message=message,
                status=Status.ACCEPTED,
                occurred_at=now,
                recorded_at=now,
                is_reported=True,
            )
            for message in batch
        )


def messages(gateway: Gateway, count: int, **more: Any) -> Iterator[Message]:
    users = list(gateway.label.end_users.values_list("pk", flat=True)[:10_000])
    now, uids = timezone.now(), prefix()
    for number in range(count):
        yield Message(
            label_id=gateway.label_id,
            gateway=gateway,
            end_user_id=users[number % len(users)],
            channel=gateway.channel,
            uid=f"{uids}{number}",
            repeat_key=f"{uids}{number}",
            content={"from_number": "Amazing", "body": TEXT},
            callback_url=os.environ["BENCH_CALLBACK"],
            created_at=now,
            expires_at=now + timedelta(days=1),
            **more,
        )


def batched(rows: Iterator[Message]) -> Iterator[list[Message]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def fill_past(messages: int, users: int) -> None:
    from benchmarks.volume import fill

    gateway = gateway_of("sms")
    fill(gateway.label, gateway, messages=messages, users=users)


def print_webhook(channel: str) -> None:
    token = gateway_of(channel).token
    assert token is not None
    print(webhook_url(token.reveal()))


def forget() -> None:
    for relation in Message._meta.related_objects:
        if relation.auto_created and not relation.many_to_many:
            relation.related_model._default_manager.all().delete()
    Message.objects.all().delete()


def main() -> None:
    match sys.argv[1:]:
        case ["users", label, count]:
            fill_users(label, int(count))
        case ["messages", channel, count]:
            fill_messages(channel, int(count))
        case ["sent", channel, count]:
            fill_sent(channel, int(count))
        case ["webhook", channel]:
            print_webhook(channel)
        case ["past", messages, users]:
            fill_past(int(messages), int(users))
        case ["forget"]:
            forget()


if __name__ == "__main__":
    main()
