"""Rows in bulk, held against what the ORM writes and reads."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DataError, IntegrityError, connection, models, transaction
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib import bulk, prepared
from gateway_project.lib.bulk import array
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from messages_app.models import Message, StatusEvent
from tests.factories import MessageFactory
from tests.statements import statements_told

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TEXTS = ("", "plain", 'it\'s "quoted", {and} \\bent\\', "🦉 é", "%s", "NULL")
EVENT = (
    *("message_id", "status", "detail", "cause", "occurred_at", "recorded_at"),
    *("is_reported", "is_machine", "is_our_own"),
)
DELIVERY = (
    *("message_id", "label_id", "host", "status", "settlement", "attempts"),
    *("times_not_found", "due_at", "created_at", "first_failed_at", "lease"),
)
STANDING = ("id", "status", "ended_at", "lease", "attempts")


@pytest.fixture
def messages():
    first = MessageFactory()
    others = [MessageFactory(label=first.label, gateway=first.gateway) for _ in range(len(TEXTS))]
    return [first, *others]


def events_of(messages):
    return [
        (
            *(message.pk, "opened", TEXTS[number % len(TEXTS)], ""),
            *(NOW + timedelta(microseconds=number), NOW, bool(number % 2), False, True),
        )
        for number, message in enumerate(messages)
    ]


def deliveries_of(messages):
    return [
        (
            *(message.pk, message.label_id, "https://host", "opened", "owed", number * 5_000),
            *(0, NOW, NOW, NOW if number % 2 else None, None),
        )
        for number, message in enumerate(messages)
    ]


def stored(model, names):
    return list(model.objects.order_by("pk").values_list(*names))


def insert(*arguments, **options):
    bulk.write(bulk.inserting(*arguments, **options))


def update(*arguments):
    bulk.write(bulk.updating(*arguments))


def by_the_orm(model: type[models.Model], names, rows):
    model._default_manager.bulk_create(model(**dict(zip(names, row, strict=True))) for row in rows)


@pytest.mark.parametrize("insert", [insert, by_the_orm])
def test_rows_are_inserted_in_their_order(insert, messages):
    events, deliveries = events_of(messages), deliveries_of(messages)
    insert(StatusEvent, EVENT, events)
    insert(CallbackDelivery, DELIVERY, deliveries)
    assert stored(StatusEvent, EVENT) == events
    assert stored(CallbackDelivery, DELIVERY) == deliveries


def test_what_is_there_already_is_left_alone_where_that_is_wanted(messages):
    rows = deliveries_of(messages)
    insert(CallbackDelivery, DELIVERY, rows[:2])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(CallbackDelivery, DELIVERY, rows)
    insert(CallbackDelivery, DELIVERY, rows, ignores_conflicts=True)
    assert stored(CallbackDelivery, DELIVERY) == rows


@pytest.mark.postgresql
def test_a_text_that_is_too_long_is_refused_and_not_cut(messages):
    rows = [(*row[:3], "x" * 25, *row[4:]) for row in events_of(messages)]
    with pytest.raises(DataError), transaction.atomic():
        insert(StatusEvent, EVENT, rows)


def test_each_row_is_given_its_own_values_and_keeps_the_others(messages):
    told = messages[1:]
    rows = [
        (each.pk, "opened", NOW if number % 2 else None, None if number % 2 else uuid4(), number)
        for number, each in enumerate(told)
    ]
    update(Message, STANDING, rows)
    kept = [(messages[0].pk, "", None, None, 0)]
    assert sorted(stored(Message, STANDING)) == sorted([*kept, *rows])
    for before in messages:
        after = Message.objects.get(pk=before.pk)
        assert after.content.reveal() == before.content.reveal()
        assert (after.uid, after.due_at) == (before.uid, before.due_at)


def test_rows_are_read_as_the_orm_does(messages):
    insert(StatusEvent, EVENT, events_of(messages))
    some = [each.pk for each in messages[:3]]
    found = bulk.rows_among(StatusEvent, EVENT, "message_id", some)
    wanted = StatusEvent.objects.filter(message__in=some)
    assert sorted(found) == sorted(wanted.values_list(*EVENT))
    assert bulk.rows_among(StatusEvent, EVENT, "message_id", []) == []


def test_rows_are_locked_in_the_order_of_their_keys_and_hold_what_was_asked_for(messages):
    Message.objects.update(pruned_statuses=["opened", "é"])
    asked = [each.pk for each in reversed(messages)]
    names = ("id", "label_id", "callback_url", "pruned_statuses", "created_at")
    with transaction.atomic():
        found = bulk.locked(Message, names, asked)
        assert bulk.locked(Message, names, []) == []
    assert [each.pk for each in found] == sorted(asked)
    stored = Message.objects.in_bulk(asked)
    for each in found:
        whole = stored[each.pk]
        assert each.callback_url.reveal() == whole.callback_url.reveal()
        assert each.pruned_statuses == ["opened", "é"]
        assert (each.label_id, each.created_at) == (whole.label_id, whole.created_at)
        assert "content" in each.get_deferred_fields()


@pytest.mark.parametrize("count", [1, 400])
def test_however_many_there_are_it_is_one_statement(count):
    first = MessageFactory()
    known = {"label": first.label, "gateway": first.gateway, "end_user": first.end_user}
    many = Message.objects.bulk_create(MessageFactory.build(**known) for _ in range(count))
    with transaction.atomic(), statements_told() as told:
        insert(StatusEvent, EVENT, events_of(many))
        update(Message, ("id", "status"), [(each.pk, "opened") for each in many])
        assert len(bulk.locked(Message, ("id", "status"), [each.pk for each in many])) == count
        keys = [each.pk for each in many]
        assert len(bulk.rows_among(StatusEvent, EVENT, "message_id", keys)) == count
    assert len(told) == 4


def test_what_is_written_together_is_as_if_it_were_written_one_by_one(messages):
    events, deliveries = events_of(messages), deliveries_of(messages)
    rows = [(each.pk, "opened") for each in messages]
    with statements_told() as told:
        bulk.write(
            bulk.inserting(StatusEvent, EVENT, events),
            bulk.inserting(CallbackDelivery, DELIVERY, []),
            bulk.updating(Message, ("id", "status"), rows),
            bulk.inserting(CallbackDelivery, DELIVERY, deliveries, ignores_conflicts=True),
        )
    assert stored(StatusEvent, EVENT) == events
    assert stored(CallbackDelivery, DELIVERY) == deliveries
    assert sorted(stored(Message, ("id", "status"))) == sorted(rows)
    assert len(told) == (1 if connection.vendor == "postgresql" else 3)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_write_is_no_statement(count, messages):
    with statements_told() as told:
        insert(StatusEvent, EVENT, events_of(messages[:count]))
        update(Message, ("id", "status"), [(each.pk, "sent") for each in messages[:count]])
    assert len(told) == 2 * count


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_who_refers_to_a_locked_row_does_not_wait():
    message = MessageFactory()
    other = connection.copy()
    try:
        with transaction.atomic():
            bulk.locked(Message, ("id",), [message.pk])
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM messages_app_message WHERE id = %s FOR KEY SHARE NOWAIT",
                    [message.pk],
                )
                assert cursor.fetchall() == [(message.pk,)]
    finally:
        other.close()


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", [*TEXTS, None]),
        ("bigint", [1, None, -(1 << 40)]),
        ("boolean", [True, None, False]),
        ("uuid", [uuid4(), None]),
        ("timestamptz", [NOW, None]),
        ("interval", [timedelta(days=400, microseconds=7), timedelta(0), -timedelta(hours=36)]),
        ("jsonb", ['{"a": ["\\"b\\\\"]}', None]),
        ("text", []),
    ],
)
def test_an_array_is_read_as_what_it_was_made_of(kind, values):
    told = prepared.rows(f"SELECT each::{kind} FROM unnest(%s::{kind}[]) AS each", [array(values)])
    assert [each for (each,) in told] == values


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"label_id": 7, "channel": "sms", "content": {"body": "x"}, "callback_url": "https://x"},
        {"pk": uuid4(), "notes": ["one"], "preview_address": None, "attempts": 3},
    ],
)
def test_a_new_one_is_as_the_model_makes_it(values):
    made, usual = bulk.new(Message, **values), Message(**values)
    if "pk" not in values:
        usual.pk = made.pk
    assert made.__dict__.keys() == usual.__dict__.keys()
    assert made._state.adding
    assert made._state.db is None
    for field in Message._meta.concrete_fields:
        ours, theirs = (getattr(each, field.attname) for each in (made, usual))
        assert type(ours) is type(theirs)
        assert plain(ours) == plain(theirs)


def plain(value):
    return value.reveal() if isinstance(value, Personal) else value


def test_nothing_that_begins_alike_is_shared():
    first, second = bulk.new(Message), bulk.new(Message)
    first.notes.append("of the first")
    assert (second.notes, first.pk == second.pk) == ([], False)


def test_a_locked_row_is_as_the_model_reads_it(messages):
    key = messages[0].pk
    (ours,) = bulk.locked(Message, STANDING, [key])
    usual = Message.objects.only(*STANDING).get(pk=key)
    assert ours.get_deferred_fields() == usual.get_deferred_fields()
    assert {**ours.__dict__, "_state": None} == {**usual.__dict__, "_state": None}
    assert (ours._state.adding, ours._state.db) == (False, usual._state.db)
    assert ours.gateway == messages[0].gateway


def test_instances_are_saved_as_the_orm_does(messages):
    names = ("status", "ended_at", "gateway_id", "attempts", "lease")
    Message.objects.update(status="opened", lease=uuid4())
    for number, each in enumerate(messages):
        is_odd = number % 2
        each.status = Status.CLICKED if is_odd else ""
        each.ended_at, each.lease = (NOW, None) if is_odd else (None, uuid4())
        each.attempts, each.uid = number, "not of the columns"
    Message.objects.bulk_update(messages, names)
    by_the_orm = stored(Message, ("id", "uid", *names))
    Message.objects.update(status="failed", ended_at=None, attempts=99, lease=None)
    bulk.write(bulk.saving(Message, names, messages))
    assert stored(Message, ("id", "uid", *names)) == by_the_orm
    assert {row[2] for row in by_the_orm} == {"clicked", ""}


def test_a_new_one_keeps_the_row_that_it_refers_to(messages):
    made = bulk.new(StatusEvent, message=messages[0], status="opened")
    with statements_told() as told:
        assert made.message is messages[0]
    assert (made.message_id, told) == (messages[0].pk, [])
