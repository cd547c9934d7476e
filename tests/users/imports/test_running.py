import io

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from tests.factories import EndUserFactory, LabelFactory
from users.imports import running
from users.imports.beginning import Order, begin
from users.imports.models import ImportProblem, ImportState
from users.imports.running import Overtaken, Running, problems, refuse
from users.models import EndUser

pytestmark = pytest.mark.django_db
TEXT = "ext_user_id,email\n1,a@x.example\n2,canary\n3,c@x.example\n"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 2)


def begun(**what):
    return begin(Order(label_id=LabelFactory().pk, file_name="u.csv", format="csv", **what))


def at_work(run, text=TEXT):
    return Running(run, io.BytesIO(text.encode()))


def test_each_batch_leaves_behind_how_far_it_has_come():
    run = begun()
    work = at_work(run)
    assert work.step()
    run.refresh_from_db()
    assert (run.line, run.created, run.bad, run.state) == (3, 1, 1, ImportState.RUNNING)
    assert work.step()
    assert not work.step()
    run.refresh_from_db()
    assert (run.line, run.created, run.bad, run.state) == (4, 2, 1, ImportState.DONE)
    assert run.bytes_read == len(TEXT)
    assert run.ended_at is not None


def test_a_database_server_counts_anew_whenever_the_table_has_doubled(monkeypatch):
    monkeypatch.setattr(running, "MANY", 2)
    lines = "".join(f"{n},\n" for n in range(16))
    with CaptureQueriesContext(connection) as queries:
        work = at_work(begun(), f"ext_user_id,email\n{lines}")
        while work.step():
            pass
    told = [one for one in queries if one["sql"] == 'ANALYZE "users_enduser"']
    assert len(told) == (4 if connection.vendor == "postgresql" else 0)  # at 2, 4, 8 and 16


def test_a_batch_that_fails_leaves_nothing_behind(monkeypatch):
    run = begun()

    def fail(rows):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(ImportProblem.objects, "bulk_create", fail)
        with pytest.raises(OperationalError):
            at_work(run).step()
    run.refresh_from_db()
    assert (run.line, run.created, EndUser.objects.count()) == (0, 0, 0)


def test_who_is_overtaken_does_no_line_twice():
    run = begun()
    one, other = at_work(run), at_work(run)
    assert one.step()
    with pytest.raises(Overtaken):
        other.step()
    while one.step():
        pass
    assert one.run.created == EndUser.objects.count() == 2


def test_a_run_that_was_given_up_stops_where_it_is():
    run = begun()
    work = at_work(run)
    work.step()
    begin(Order(label_id=run.label_id, file_name="u.csv", format="csv"))
    with pytest.raises(Overtaken):
        work.step()
    assert EndUser.objects.count() == 1


def test_a_dry_run_counts_and_writes_no_user():
    EndUserFactory(label_id=(run := begun(dry_run=True)).label_id, ext_user_id="3")
    work = at_work(run)
    while work.step():
        pass
    assert (work.run.created, work.run.changed, work.run.bad) == (1, 1, 1)
    assert EndUser.objects.count() == 1


def test_problems_name_line_field_and_reason_and_quote_nothing():
    work = at_work(begun())
    while work.step():
        pass
    assert list(problems(work.run)) == [
        ("line", "field", "reason"),
        (3, "email", "email is not one e-mail address"),
    ]


def test_a_file_that_is_refused_ends_its_run():
    run = begun()
    refuse(run, "it is not a file of users")
    run.refresh_from_db()
    assert (run.state, run.refusal) == (ImportState.REFUSED, "it is not a file of users")
    with pytest.raises(Overtaken):
        refuse(run, "again")
