import threading

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from gateway_project.lib import draining
from gateways.models import AuditEntry
from tests.factories import LabelFactory
from users import tasks  # noqa: F401  registers the drains
from users.imports import running, uploads
from users.imports.beginning import Order
from users.imports.draining import DRAIN, SEALED_SHUT, due_runs
from users.imports.models import ImportPart, ImportRun, ImportState
from users.imports.running import give_up
from users.imports.uploads import BadPart, complete, expect, import_tried, receive
from users.models import EndUser

pytestmark = pytest.mark.django_db
TEXT = "ext_user_id,email,city\n1,a@mailbox.example,Köln\n2,canary,\n3,c@x.example,\n".encode()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(uploads, "PART_BYTES", 10)
    monkeypatch.setattr("users.imports.draining.BATCH", 2)


def parts_of(data):
    return [data[at : at + 10] for at in range(0, len(data), 10)]


def uploaded(data=TEXT, **what):
    order = Order(label_id=LabelFactory().pk, file_name="u.csv", format="csv", **what)
    run = expect(order, len(data), User.objects.create_user("mia"))
    for number, part in enumerate(parts_of(data)):
        receive(run, number, part)
    complete(run)
    return run


def drained(run):
    """As a worker does it."""
    assert due_runs() == [str(run.pk)]
    draining.run(DRAIN, str(run.pk), linger=0)
    run.refresh_from_db()
    return run


def test_an_upload_is_imported_by_a_worker_and_goes():
    run = drained(uploaded())
    assert (run.state, run.created, run.bad, run.percent) == (ImportState.DONE, 2, 1, 100)
    assert {user.ext_user_id for user in EndUser.objects.all()} == {"1", "3"}
    assert EndUser.objects.get(ext_user_id="1").properties == {"city": "Köln"}
    assert not ImportPart.objects.exists()
    assert due_runs() == []


def test_what_waits_to_be_imported_is_sealed():
    uploaded()
    stored = b"".join(
        part.content.ciphertext.encode() for part in ImportPart.objects.order_by("number")
    )
    assert b"mailbox" not in stored
    assert len(stored) > len(TEXT)


def test_every_byte_comes_back():
    data = bytes(range(256)) * 3
    assert uploads.opened(uploaded(data)).read() == data


def test_what_was_tried_is_kept_and_imported_afterwards():
    tried = drained(uploaded(dry_run=True))
    assert (tried.created, EndUser.objects.count()) == (2, 0)
    meant = import_tried(tried, tried.asked_by)
    assert drained(meant).created == EndUser.objects.count() == 2
    assert not ImportPart.objects.exists()
    assert import_tried(tried, tried.asked_by) is None


def test_a_worker_that_is_killed_leaves_the_rest_to_the_next():
    run = uploaded()
    draining.DRAINS[DRAIN].open(str(run.pk)).claim(1)[0].step()
    assert due_runs() == []
    ImportRun.objects.update(due_at=timezone.now())  # the lease runs out
    assert drained(run).created == EndUser.objects.count() == 2


def test_a_worker_that_stops_leaves_the_rest_to_the_next(monkeypatch):
    monkeypatch.setattr("users.imports.draining.TURN_SECONDS", 0.0)
    run, stop = uploaded(), threading.Event()
    rounds = draining.begin(DRAIN, str(run.pk), stop=stop, wake=stop.set, linger=0)
    rounds.round()
    assert EndUser.objects.count() == 1
    stop.set()
    while rounds.round() is not None:
        pass
    assert EndUser.objects.count() == 1
    assert drained(run).created == 2


def test_a_part_that_comes_twice_is_kept_once():
    run = expect(Order(label_id=LabelFactory().pk, file_name="u", format="csv"), 15, None)
    receive(run, 0, b"0123456789")
    receive(run, 0, b"0123456789")
    with pytest.raises(BadPart, match="missing"):
        complete(run)
    receive(run, 1, b"01234")
    complete(run)
    complete(run)
    assert uploads.opened(run).read() == b"012345678901234"


@pytest.mark.parametrize(("number", "data"), [(0, b"short"), (1, b"0123456789"), (2, b"")])
def test_a_part_of_another_size_is_refused(number, data):
    run = expect(Order(label_id=LabelFactory().pk, file_name="u", format="csv"), 15, None)
    with pytest.raises(BadPart, match="size"):
        receive(run, number, data)


def test_nothing_is_added_to_what_has_been_uploaded():
    run = uploaded()
    run.refresh_from_db()
    with pytest.raises(BadPart, match="ended"):
        receive(run, 0, TEXT[:10])


def test_what_cannot_be_read_is_refused_and_goes():
    run = drained(uploaded(b"canary,canary\n"))
    assert run.state == ImportState.REFUSED
    assert "no header" in run.refusal
    assert not ImportPart.objects.exists()


def test_an_upload_that_no_key_opens_is_refused(settings):
    run = uploaded()
    settings.PII_KEYS = "other:" + "A" * 43 + "="
    assert drained(run).refusal == SEALED_SHUT


def test_an_error_of_our_own_ends_it_and_is_named_without_its_text(monkeypatch, caplog):
    def fail(*_, **__):
        raise TypeError("canary")

    monkeypatch.setattr(running, "import_batch", fail)
    run = drained(uploaded())
    assert run.state == ImportState.REFUSED
    assert "TypeError" in caplog.text
    assert "canary" not in caplog.text + run.refusal


def test_who_gives_up_stops_the_worker_and_removes_the_file():
    run, boss = uploaded(), User.objects.create_user("boss")
    work = draining.DRAINS[DRAIN].open(str(run.pk))
    [claimed] = work.claim(1)
    claimed.step()
    give_up(run, boss)
    draining.run(DRAIN, str(run.pk), linger=0)
    run.refresh_from_db()
    assert (run.state, EndUser.objects.count()) == (ImportState.GIVEN_UP, 1)
    assert not ImportPart.objects.exists()
    assert AuditEntry.objects.order_by("pk").last().actor_name == "boss"


def test_who_imports_is_written_down_at_the_beginning_and_at_the_end():
    drained(uploaded())
    names = AuditEntry.objects.order_by("pk").values_list("actor_name", "action")
    assert list(names) == [("mia", "imported"), ("mia", "imported")]
