"""Inserting: messages that are accepted at the same moment are written together, in one statement
with one commit. Whose row may not be written is told so, and costs no other.

On a database server by a statement of our own: the ORM would make the text of thirty rows anew each
time, which takes longer than the writing.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from gateway_project.lib import bulk, prepared
from gateway_project.lib.clock import database_now
from gateway_project.lib.kicks import kick
from gateway_project.lib.together import Lanes
from gateway_project.lib.transactions import writing
from messages_app.models import Message

GIVEN = (
    *("id", "label", "brand", "gateway", "template", "end_user", "channel"),
    *("uid", "repeat_key", "fingerprint", "activity_type"),
    *("content", "callback_url", "preview_address"),
    *("is_test", "notes", "chosen_because"),
)
"""What one new message has otherwise than another. The rest begins alike for all, but for its
times, which the database's clock tells."""
TIMES = {
    "created_at": "statement_timestamp()",
    "due_at": "statement_timestamp()",
    "expires_at": "statement_timestamp() + given.lifetime",
}

DRAIN = "send"


class New(NamedTuple):
    """A message to be written, due from now on and for so long."""

    message: Message
    lifetime: timedelta


def _insert_all(all_new: Sequence[New]) -> list[bool]:
    """Whether each is new: where its uid is taken nothing is written. Raises IntegrityError where
    the row of another table that one belongs to has gone."""
    messages = [new.message for new in all_new]
    # In one order, so that two who write the same uids at once do not wait for each other.
    all_new = sorted(all_new, key=lambda new: _key(new.message))
    if connection.vendor == "postgresql":
        written = {pk for (pk,) in prepared.rows(_statement(), _parameters(all_new))}
        _kick_for(messages)
    else:
        with writing():
            Message.objects.bulk_create(map(_timed, all_new), ignore_conflicts=True)
            rows = Message.objects.filter(pk__in=[message.pk for message in messages])
            written = set(rows.values_list("pk", flat=True))
            _kick_for(messages)
    return [message.pk in written for message in messages]


insert = Lanes(_insert_all, lambda new: new.message.label_id)
"""Writes what is `New`: whether it is. Raises IntegrityError."""


def _key(message: Message) -> tuple[int, str, str]:
    """What is unique."""
    return message.label_id, str(message.channel), message.repeat_key


def _timed(new: New) -> Message:
    """With its times, as a database that has no clock is told them."""
    message, now = new.message, database_now()
    message.created_at = message.due_at = now
    message.expires_at = now + new.lifetime
    return message


def _kick_for(messages: Sequence[Message]) -> None:
    for gateway_id in {message.gateway_id for message in messages}:
        transaction.on_commit(partial(kick, DRAIN, str(gateway_id)))


@cache
def _given() -> list["models.Field[Any, Any]"]:
    return [Message._meta.get_field(name) for name in GIVEN]  # type: ignore[misc]


@cache
def _alike() -> dict["models.Field[Any, Any]", Any]:
    """The other fields, with what they begin as."""
    given = {*_given(), *map(Message._meta.get_field, TIMES)}
    others = [field for field in Message._meta.concrete_fields if field not in given]
    return {field: _simple(field)(field.get_default()) for field in others}


@cache
def _statement() -> str:
    """The rows come as one array for each column."""
    given, alike = _given(), _alike()
    names = [str(field.column) for field in given]
    columns = [*names, *TIMES, *(str(field.column) for field in alike)]
    values = [
        *(f"given.{name}" for name in names),
        *TIMES.values(),
        *(f"%s::{bulk.column_type(field)}" for field in alike),
    ]
    arrays = [*map(bulk.array_place, given), "%s::interval[]"]
    return (
        f"INSERT INTO {Message._meta.db_table} ({', '.join(columns)}) "  # noqa: S608  of the model's own names
        f"SELECT {', '.join(values)} FROM unnest({', '.join(arrays)}) "
        f"AS given ({', '.join(names)}, lifetime) ON CONFLICT DO NOTHING RETURNING id"
    )


def _parameters(all_new: Sequence[New]) -> list[Any]:
    columns = [[value(new.message) for new in all_new] for value in _values()]
    columns.append([new.lifetime for new in all_new])
    return [*_alike().values(), *map(bulk.array, columns)]


@cache
def _values() -> list[Callable[[Message], Any]]:
    """How each given column's value is had of a message."""
    return [partial(_value, field, _simple(field)) for field in _given()]


def _value(field: "models.Field[Any, Any]", simple: Callable[[Any], Any], message: Message) -> Any:
    return simple(field.pre_save(message, add=True))


def _simple(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    """To what the driver knows: no choices, no lists."""
    if isinstance(field, models.JSONField):
        return json.dumps
    return _text if isinstance(field, models.CharField | models.TextField) else _as_it_is


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _as_it_is(value: Any) -> Any:
    return value
