"""Fills the usual house: `python -m benchmarks.reference.filling users 10000`."""

import hashlib
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.reference.settings")

import django

django.setup()

from benchmarks.reference.models import EndUser, Message
from benchmarks.reference.sealing import seal
from benchmarks.reference.tasks import send

AT_ONCE = 1_000
CONTENT = '{"from": "Amazing", "body": "Your weekend bonus is waiting: 50 free spins."}'


def fill_users(count: int) -> None:
    numbers = (f"+49151{n:08d}" for n in range(count))
    EndUser.objects.bulk_create(
        (
            EndUser(
                ext_user_id=f"user-{n}",
                phone=seal(number),
                phone_index=hashlib.sha256(number.encode()).hexdigest(),
            )
            for n, number in enumerate(numbers)
        ),
        batch_size=AT_ONCE,
    )


def fill_messages(channel: str, count: int) -> None:
    """Messages that wait to be sent, and the task of each."""
    users = list(EndUser.objects.values_list("pk", flat=True))
    messages = Message.objects.bulk_create(
        (
            Message(
                end_user_id=users[n % len(users)],
                channel=channel,
                uid=str(n),
                content=seal(CONTENT),
                callback_url="http://127.0.0.1/callback",
            )
            for n in range(count)
        ),
        batch_size=AT_ONCE,
    )
    for message in messages:
        send.delay(str(message.pk))


def main() -> None:
    match sys.argv[1:]:
        case ["users", count]:
            fill_users(int(count))
        case ["messages", channel, count]:
            fill_messages(channel, int(count))


if __name__ == "__main__":
    main()
