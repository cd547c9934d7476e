"""Inserting messages: many in one statement, each as `save()` would have written it."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from gateway_project.lib import prepared
from gateway_project.lib.fibers import Fibers
from messages_app.inserting import New, _insert_all, insert
from messages_app.models import Message
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory

rows = prepared.rows
pytestmark = pytest.mark.django_db

LONG = timedelta(hours=36)


def new(gateway, **values):
    return MessageFactory.build(
        **{
            "label": gateway.label,
            "gateway": gateway,
            "end_user": None,
            "content": {"body": "Grüße \U0001f600"},
            "callback_url": "https://smartico.example/cb?x=1",
            "repeat_key": uuid4().hex,
            **values,
        }
    )


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def kinds(gateway):
    """Messages with everything that a new one may have, and with nothing."""
    user = EndUserFactory(label=gateway.label)
    return [
        new(gateway, end_user=user, brand=user.brand, uid="u" * 255, notes=["a note", "x'\"%s"]),
        new(gateway, preview_address="jo@example.com", activity_type="preview"),
        new(gateway, is_test=True, callback_url=None, chosen_because="alone"),
    ]


@pytest.fixture
def fibers():
    """Their connections end with their threads, which leave them to the collector."""
    fibers = Fibers(name="test", aside=4, afar=1)
    yield fibers
    fibers.close()
    gc.collect()


def as_stored(pk):
    """Its columns, with what is sealed opened."""
    row = Message.objects.get(pk=pk)
    return {
        field.attname: getattr(value, "reveal", lambda value=value: value)()
        for field in Message._meta.concrete_fields
        if field.name != "id" and (value := getattr(row, field.attname), True)
    }


def insert_all(messages):
    return _insert_all([New(message, LONG) for message in messages])


def test_each_is_written_as_save_would_have(kinds):
    began = datetime.now(UTC)
    assert insert_all(kinds) == [True, True, True]
    inserted = [as_stored(message.pk) for message in kinds]
    Message.objects.all().delete()
    for message, before in zip(kinds, inserted, strict=True):
        message.pk = uuid4()
        for name in ("created_at", "due_at", "expires_at"):
            setattr(message, name, before[name])
        message.save(force_insert=True)
        assert as_stored(message.pk) == before
        assert abs(before["created_at"] - began) < timedelta(minutes=1)
        assert before["due_at"] == before["created_at"] == before["expires_at"] - LONG


@pytest.mark.postgresql
def test_one_statement_writes_any_number(gateway, monkeypatch):
    asked = []
    monkeypatch.setattr(prepared, "rows", lambda *told: asked.append(told) or rows(*told))
    with CaptureQueriesContext(connection) as others:
        insert_all([new(gateway) for _ in range(100)])
    assert (len(asked), len(others)) == (1, 0)
    assert not any(isinstance(each, list) for each in asked[0][1]), "the driver is slow over those"
    assert Message.objects.count() == 100


def test_of_one_uid_the_first_is_written(gateway):
    twins = [new(gateway, repeat_key="same") for _ in range(2)]
    assert insert_all([*twins, new(gateway)]) == [True, False, True]
    assert insert_all([new(gateway, repeat_key="same")]) == [False]
    assert Message.objects.get(repeat_key="same").pk == twins[0].pk


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_write_the_same_uids_at_once_do_not_wait_for_each_other(gateway):
    """Smartico posts a burst again, to another process."""

    def write(turn):
        try:
            for number in range(40):
                keys = [f"{number}-{place}" for place in range(20)]
                insert_all([new(gateway, repeat_key=key) for key in keys[:: turn or -1]])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(write, turn) for turn in (0, 1)]:
            future.result(60)
    assert Message.objects.count() == 800


@pytest.mark.django_db(transaction=True)
def test_a_message_whose_user_has_gone_costs_no_other(gateway):
    messages = [new(gateway) for _ in range(15)]
    messages.insert(7, new(gateway))
    messages[7].end_user_id = uuid4()
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(_inserted, message) for message in messages]
        came = [future.result(60) for future in futures]
    assert came == [IntegrityError if n == 7 else True for n in range(16)]
    assert Message.objects.count() == 15


def _inserted(message):
    try:
        return insert(New(message, LONG))
    except IntegrityError as error:
        return type(error)
    finally:
        connection.close()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_fibers_whose_label_is_held_up_hold_up_no_other_label(gateway, fibers):
    elsewhere = GatewayFactory()
    came: SimpleQueue[tuple[str, bool]] = SimpleQueue()
    with transaction.atomic():
        insert_all([new(gateway, repeat_key="same")])
        held, free = new(gateway, repeat_key="same"), new(elsewhere)
        fibers.submit(lambda: came.put(("held", insert(New(held, LONG)))))
        fibers.submit(lambda: came.put(("free", insert(New(free, LONG)))))
        assert came.get(timeout=60) == ("free", True)
    assert came.get(timeout=60) == ("held", False)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_fibers_ask_for_at_one_time_is_one_statement(gateway, fibers, monkeypatch):
    asked, came, may_begin = [], SimpleQueue(), threading.Event()
    monkeypatch.setattr(prepared, "rows", lambda *told: asked.append(told) or rows(*told))
    fibers.submit(may_begin.wait, 60)
    for _ in range(20):
        fibers.submit(lambda: came.put(insert(New(new(gateway), LONG))))
    may_begin.set()
    assert [came.get(timeout=60) for _ in range(20)] == [True] * 20
    assert len(asked) == 1
