"""Keys for processes of the gateway, and a house that is sealed with one of them."""

import base64
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Left, Length

from gateways.models import UsedKey
from tests.factories import EndUserFactory, LabelFactory
from tests.operations.surroundings import environment
from users.models import EndUser

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"


def key(key_id: str, letter: str = "") -> str:
    """A ring of one key."""
    return f"{key_id}:{base64.b64encode((letter or key_id)[0].encode() * 32).decode()}"


A, B, ANOTHER_A = key("a"), key("b"), key("a", "x")


def seal_users(count: int) -> None:
    """Users whose addresses are sealed with the settings' first key."""
    label = LabelFactory()
    made = EndUserFactory.build_batch(count, label=label, email=EMAIL, phone=PHONE)
    EndUser.objects.bulk_create(made)


def sealed_with(key_id: str) -> int:
    """How many users' addresses are."""
    mark = f"{key_id}$"
    marked = EndUser.objects.annotate(mark=Left(F("email"), Length(Value(mark))))
    return marked.filter(mark=mark).count()


def in_use() -> set[str]:
    rows = UsedKey.objects.filter(task="seals", retired_at=None)
    return set(rows.values_list("key_id", flat=True))


def call(data_dir: Path, *arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
    """A command of ours in a process of its own. Variables that are given as empty are unset."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=surroundings(data_dir, **given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def surroundings(data_dir: Path, **given: str) -> dict[str, str]:
    whole = environment(data_dir, 8000, **given)
    return {name: value for name, value in whole.items() if value}
