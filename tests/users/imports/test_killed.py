"""An import in processes of its own: killed half-way and resumed, and two at once."""

import subprocess
import sys

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from gateways.models import Label
from tests.factories import LabelFactory
from tests.operations.rings import A, call, surroundings
from tests.operations.surroundings import database_url, wait_until
from users.imports.beginning import Order
from users.imports.models import ImportPart, ImportProblem, ImportRun, ImportState
from users.imports.uploads import PART_BYTES, complete, expect, receive
from users.models import EndUser

LINES = 6_000
COUNTS = ("line", "created", "changed", "unchanged", "bad", "notes", "state")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def given(settings):
    settings.PII_KEYS = A
    for slug in ("killed", "whole"):
        LabelFactory(slug=slug)
    yield {"DATABASE_URL": database_url(), "PII_KEYS": A}
    connection.close()


@pytest.fixture
def file(tmp_path):
    """Every kind of line: good, bad, over two lines, and about one who came before."""
    path = tmp_path / "users.csv"
    path.write_text("ext_user_id,email,phone,country,note\n" + "".join(map(lines, range(LINES))))
    return path


def lines(n):
    email = "canary" if n % 50 == 7 else f"person.{n}@mailbox.example"
    ext_user_id = n - 2_000 if n % 100 == 0 and n > 2_000 else n
    note = '"over\ntwo lines"' if n % 10 == 3 else "short"
    return f"{ext_user_id},{email},+49151{n:08d},DE,{note}\n"


def importing(data_dir, given, *arguments):
    return process_of(data_dir, given, "import_users", "--label=killed", *arguments)


def process_of(data_dir, given, *arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=project.BASE_DIR,
        env=surroundings(data_dir, **given),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def users(slug):
    """What is stored of each."""
    return {
        user.ext_user_id: (user.email.reveal(), user.phone.reveal(), user.properties)
        for user in EndUser.objects.filter(label__slug=slug).iterator()
    }


def told(slug):
    """What the label's only import tells of itself, and its problems."""
    run = ImportRun.objects.get(label__slug=slug)
    problems = ImportProblem.objects.filter(run=run).order_by("line")
    counts = tuple(getattr(run, name) for name in COUNTS)
    return counts, list(problems.values_list("line", "field", "reason"))


def is_as_one_that_was_not_killed(file):
    with pytest.raises(CommandError, match="Lines not imported"):
        call_command("import_users", str(file), "--label=whole")
    assert told("killed") == told("whole")
    assert users("killed") == users("whole")


def uploaded(file):
    """As the browser does it, for the workers."""
    data = file.read_bytes()
    label = Label.objects.get(slug="killed")
    order = Order(label_id=label.pk, file_name=file.name, format="csv")
    run = expect(order, len(data), None)
    for number, at in enumerate(range(0, len(data), PART_BYTES)):
        receive(run, number, data[at : at + PART_BYTES])
    complete(run)


def test_an_import_that_is_killed_half_way_and_resumed_is_as_one_that_was_not(
    tmp_path, given, file
):
    process = importing(tmp_path, given, str(file))
    wait_until(EndUser.objects.exists)
    process.kill()
    process.wait()
    (line, created, *_, state), _ = told("killed")
    assert 0 < created < LINES
    assert (created, state) == (EndUser.objects.count(), ImportState.RUNNING)

    again = call(tmp_path, "import_users", str(file), "--label=killed", "--resume", **given)
    assert f"Going on after line {line:,}." in again.stdout
    assert again.returncode == 1
    assert "canary" not in again.stdout + again.stderr

    is_as_one_that_was_not_killed(file)


def test_what_a_killed_worker_has_begun_is_finished_by_the_next(tmp_path, given, file):
    uploaded(file)
    first = process_of(tmp_path, given, "worker", "--processes", "1")
    wait_until(EndUser.objects.exists)
    first.kill()
    first.wait()
    assert 0 < EndUser.objects.count() < LINES
    ImportRun.objects.update(due_at=timezone.now())  # the lease runs out
    second = process_of(tmp_path, given, "worker", "--processes", "1")
    wait_until(ImportRun.objects.filter(state=ImportState.DONE).exists)
    second.terminate()
    second.wait()
    is_as_one_that_was_not_killed(file)
    assert not ImportPart.objects.exists()


def test_a_second_import_is_refused_while_the_first_is_at_work(tmp_path, given, file):
    first = importing(tmp_path, given, "-", "--format=csv")  # of which the end never comes
    wait_until(ImportRun.objects.exists)
    second = call(tmp_path, "import_users", str(file), "--label=killed", **given)
    first.kill()
    first.wait()
    assert second.returncode == 1
    assert "Another process is importing into this label" in second.stderr
    assert not EndUser.objects.exists()
