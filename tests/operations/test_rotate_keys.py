"""A rotation in processes of its own: killed half-way and resumed, and two at once."""

import subprocess
import sys

import pytest
from django.conf import settings as project
from django.db import connection

from gateways.models import AuditEntry
from tests.operations.rings import EMAIL, A, B, call, seal_users, sealed_with, surroundings
from tests.operations.surroundings import database_url, wait_until
from users.models import EndUser

USERS = 3_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def given(settings):
    """What the processes are given: `b` comes first, the users are sealed with `a`."""
    settings.PII_KEYS = A
    seal_users(USERS)
    settings.PII_KEYS = f"{B},{A}"
    yield {"DATABASE_URL": database_url(), "PII_KEYS": f"{B},{A}"}
    connection.close()


def rotating(data_dir, given, batch):
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--batch", batch],
        cwd=project.BASE_DIR,
        env=surroundings(data_dir, **given),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_rotation_that_is_killed_half_way_is_resumed(tmp_path, given):
    process = rotating(tmp_path, given, batch="5")
    wait_until(lambda: sealed_with("b") >= 50)
    process.kill()
    process.wait()
    done = sealed_with("b")
    assert 50 <= done < USERS
    assert done + sealed_with("a") == USERS
    assert {user.email.reveal() for user in EndUser.objects.iterator()} == {EMAIL}

    again = call(tmp_path, "rotate_keys", **given)
    assert (again.returncode, again.stderr) == (0, "")
    assert sealed_with("b") == USERS
    assert {user.email.reveal() for user in EndUser.objects.iterator()} == {EMAIL}
    states = [sorted(entry.changes) for entry in AuditEntry.objects.order_by("pk")]
    assert [("begins with rows of" in state, "retired" in state) for state in states] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_a_second_rotation_is_refused_while_the_first_is_at_work(tmp_path, given):
    first = rotating(tmp_path, given, batch="1")
    wait_until(lambda: sealed_with("b") >= 1)
    second = call(tmp_path, "rotate_keys", **given)
    is_first_at_work = first.poll() is None
    first.kill()
    first.wait()
    assert is_first_at_work
    assert second.returncode == 1
    assert second.stderr.strip().endswith("Another process is rotating the keys.")
