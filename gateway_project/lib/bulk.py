"""Plain rows in bulk: however many there are, they are read or written by one statement.

For the few tables that every message touches. The ORM makes the text of a statement anew each
time, an object for each row and a parameter for each value; here the text is made once, PostgreSQL
plans it once for each connection, and a column's values travel as one array.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState

from gateway_project.lib import prepared

Model = TypeVar("Model", bound=models.Model)
Row = tuple[Any, ...]
Names = tuple[str, ...]


def rows_among(
    model: type[models.Model], names: Names, column: str, values: Collection[Any]
) -> list[Row]:
    """These columns of the rows in whose `column` one of the values stands."""
    if not values:
        return []
    if connection.vendor != "postgresql":
        rows = model._default_manager.filter(**{f"{column}__in": values})
        return list(rows.order_by().values_list(*names))
    return _plain(model, names, prepared.rows(_select(model, names, column), [array(values)]))


def locked(model: type[Model], names: Names, keys: Collection[Any]) -> list[Model]:
    """The rows with these keys, locked in the order of their keys; only these columns are there.

    Others may go on referring to the rows.
    """
    if not keys:
        return []
    if connection.vendor != "postgresql":
        return list(model._default_manager.filter(pk__in=keys).only(*names).order_by("pk"))
    found = prepared.rows(_select(model, names, "pk", locks=True), [array(keys)])
    return instances(model, names, found)


def instances(model: type[Model], names: Names, rows: list[Row]) -> list[Model]:
    """Of these columns, as the driver answered them: what `from_db` makes of a row. The others are
    deferred."""
    attributes = [field.attname for field in _fields(model, names)]
    return [_stored(model, attributes, row) for row in _plain(model, names, rows)]


def _stored(model: type[Model], attributes: Sequence[str], row: Row) -> Model:
    made = _without_values(model)
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    made.__dict__.update(zip(attributes, row, strict=True))
    return made


def new(model: type[Model], **values: Any) -> Model:
    """As `model(**values)` makes it."""
    made = _without_values(model)
    constants, makers = _beginning(model)
    made.__dict__.update(constants)
    for name, make in makers:
        setattr(made, name, make())
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _without_values(model: type[Model]) -> Model:
    """Django's own way to an instance asks for each of its fields, and sends two signals."""
    made = model.__new__(model)
    made._state = ModelState()
    return made


@cache
def _beginning(
    model: type[models.Model],
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """What the columns begin as: the values that are alike for all, and how others are made."""
    fields = model._meta.concrete_fields
    makers = [(each.attname, each.get_default) for each in fields if callable(each.default)]
    made = dict(makers)
    constants = {each.attname: each.get_default() for each in fields if each.attname not in made}
    return constants, makers


def column_type(field: Any) -> str:
    """As which its values are told: a text that is too long for it is to be refused, not cut."""
    type_ = str(field.db_type(connection))
    return "text" if type_.startswith("varchar") else type_


def array_place(field: Any) -> str:
    """In a statement: where an array of this column's values goes."""
    return f"%s::{column_type(field)}[]"


def array(values: Iterable[Any]) -> str:
    """A parameter for an `array_place`: as PostgreSQL reads an array of them. Its driver takes
    several times as long over a list."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, timedelta):
        return f'"{value.total_seconds():.6f} seconds"'
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


@dataclass(frozen=True, slots=True)
class Write:
    """One statement, and the rows that it is given."""

    statement: str
    model: type[models.Model]
    names: Names
    rows: Sequence[Row] = field(repr=False)


def inserting(
    model: type[models.Model],
    names: Names,
    rows: Sequence[Row],
    *,
    ignores_conflicts: bool = False,
) -> Write:
    """Rows of these columns, in this order; the database gives them their keys."""
    return Write(_insert(model, names, ignores_conflicts), model, names, rows)


def updating(model: type[models.Model], names: Names, rows: Sequence[Row]) -> Write:
    """These columns of rows that are there; the first one is the key."""
    if connection.vendor == "postgresql":
        return Write(_update(model, names), model, names, rows)
    turned = [(*row[1:], row[0]) for row in rows]
    return Write(_update(model, names), model, (*names[1:], names[0]), turned)


def saving(model: type[Model], names: Names, instances: Iterable[Model]) -> Write:
    """These columns of instances that are there, as they stand."""
    rows = [(each.pk, *(getattr(each, name) for name in names)) for each in instances]
    return updating(model, ("pk", *names), rows)


def write(*writes: Write) -> None:
    """Writes all of it: by one statement on PostgreSQL, where no two concern the same rows."""
    some = [each for each in writes if each.rows]
    if not some:
        return
    if connection.vendor == "postgresql":
        columns = (array(column) for each in some for column in zip(*each.rows, strict=True))
        prepared.rows(_at_once(tuple(each.statement for each in some)), list(columns))
        return
    with connection.cursor() as cursor:
        for each in some:
            fields = _fields(each.model, each.names)
            cursor.executemany(each.statement, [_prepared(fields, row) for row in each.rows])


@cache
def _at_once(statements: tuple[str, ...]) -> str:
    *others, last = statements
    if not others:
        return last
    named = (f"write_{number} AS ({each})" for number, each in enumerate(others))
    return f"WITH {', '.join(named)} {last}"


def _prepared(fields: Iterable[Any], row: Row) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)
    ]


def _plain(model: type[models.Model], names: Names, rows: list[Row]) -> list[Row]:
    """The rows as their fields hand them out."""
    convert = [getattr(field, "from_db_value", None) for field in _fields(model, names)]
    if not any(convert):
        return rows
    return [
        tuple(
            value if each is None else each(value, None, connection)
            for each, value in zip(convert, row, strict=True)
        )
        for row in rows
    ]


@cache
def _select(model: type[models.Model], names: Names, column: str, *, locks: bool = False) -> str:
    (key,) = _fields(model, (column,))
    return (
        f"SELECT {_columns(model, names)} FROM {_table(model)} "  # noqa: S608  our own names
        f"WHERE {_quoted(key)} = ANY({array_place(key)})"
        + (f" ORDER BY {_quoted(key)} FOR NO KEY UPDATE" if locks else "")
    )


@cache
def _insert(model: type[models.Model], names: Names, ignores_conflicts: bool) -> str:
    conflict = " ON CONFLICT DO NOTHING" if ignores_conflicts else ""
    into = f"INSERT INTO {_table(model)} ({_columns(model, names)})"
    if connection.vendor == "postgresql":
        return f"{into} SELECT * FROM {_told(model, names)}{conflict}"  # noqa: S608  likewise
    return f"{into} VALUES ({', '.join(['%s'] * len(names))}){conflict}"


@cache
def _update(model: type[models.Model], names: Names) -> str:
    key, *fields = _fields(model, names)
    if connection.vendor != "postgresql":
        told = ", ".join(f"{_quoted(field)} = %s" for field in fields)
        return f"UPDATE {_table(model)} SET {told} WHERE {_quoted(key)} = %s"  # noqa: S608  likewise
    told = ", ".join(f"{_quoted(field)} = told.{_quoted(field)}" for field in fields)
    return (
        f"UPDATE {_table(model)} AS stored SET {told} "  # noqa: S608  likewise
        f"FROM {_told(model, names)} AS told ({_columns(model, names)}) "
        f"WHERE stored.{_quoted(key)} = told.{_quoted(key)}"
    )


def _told(model: type[models.Model], names: Names) -> str:
    """The rows that are handed over, an array for each column."""
    return f"unnest({', '.join(map(array_place, _fields(model, names)))})"


@cache
def _fields(model: type[models.Model], names: Names) -> tuple[Any, ...]:
    meta = model._meta
    return tuple(meta.pk if name == "pk" else meta.get_field(name) for name in names)


def _columns(model: type[models.Model], names: Names) -> str:
    return ", ".join(_quoted(field) for field in _fields(model, names))


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
