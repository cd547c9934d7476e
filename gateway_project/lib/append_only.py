"""Tables that only grow: the database itself refuses to change, delete or empty their rows.

Triggers say so, on PostgreSQL and on SQLite. They are a fence, no wall: who owns the tables can
take them down, and the doctor looks whether they stand as they were put up. They are no part of a
migration: they are put up whenever `migrate` is done, and so come back after whatever has made a
table anew.
"""

from collections.abc import Iterable
from typing import Final

from django.db import connection, models

REFUSED: Final = "rows of this table are only added"
BODY: Final = f"""
BEGIN
    RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'restrict_violation';
END """
FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION gatehouse_only_grows() RETURNS trigger LANGUAGE plpgsql AS $${BODY}$$
"""
ALL_DEEDS: Final = 2 + 8 + 16 + 32
"""Of pg_trigger.tgtype: before a statement that deletes, updates or truncates."""
IN_POSTGRESQL: Final = """
SELECT tgname,
    tgenabled IN ('O', 'A') AND tgtype = %s AND tgqual IS NULL AND tgattr = '' AND prosrc = %s
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal
UNION ALL SELECT rulename, false FROM pg_rewrite WHERE ev_class = to_regclass(%s)
"""
IN_SQLITE: Final = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"


def guard(model: type[models.Model]) -> None:
    """Puts the triggers up that do not stand. What they refuse is an IntegrityError."""
    wanted, standing = _wanted(model), _standing(model)
    for name in wanted:
        if not standing.get(name):
            _drop(model, name)  # it may be there and switched off, or another
            with connection.cursor() as cursor:
                cursor.execute(wanted[name])


def lift(model: type[models.Model]) -> None:
    """Takes them down. Nothing in the product does."""
    for name in _wanted(model):
        _drop(model, name)


def is_guarded(model: type[models.Model]) -> bool:
    """Whether all of them stand, as they were put up."""
    standing = _standing(model)
    return all(standing.get(name) for name in _wanted(model))


def strangers(model: type[models.Model]) -> set[str]:
    """Triggers and rules of somebody else: they could change rows on their way in, or lose them."""
    return _standing(model).keys() - _wanted(model).keys()


def _wanted(model: type[models.Model]) -> dict[str, str]:
    """By name, what makes the trigger."""
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        name = f"{table}_only_grows"
        return {
            name: f"{FUNCTION}; CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_only_grows()"
        }
    # INSERT OR REPLACE deletes what is in its way, and fires no trigger about that.
    taken = " OR ".join(f"{column} = NEW.{column}" for column in ("rowid", *_unique(model)))
    conditions = {
        "update": "",
        "delete": "",
        "insert": f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) ",  # noqa: S608  our names
    }
    return {
        f"{table}_no_{deed}": f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed} ON {table} "
        f"{condition}BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for deed, condition in conditions.items()
    }


def _unique(model: type[models.Model]) -> Iterable[str]:
    return [str(field.column) for field in model._meta.concrete_fields if field.unique]


def _standing(model: type[models.Model]) -> dict[str, bool]:
    """The triggers and rules of the table, and whether each is one of ours, as it was put up."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(IN_POSTGRESQL, [ALL_DEEDS, BODY, table, table])
            return dict(cursor.fetchall())
        cursor.execute(IN_SQLITE, [table])
        wanted = _wanted(model)
        return {name: sql == wanted.get(name) for name, sql in cursor.fetchall()}


def _drop(model: type[models.Model], name: str) -> None:
    of_table = f" ON {model._meta.db_table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")
