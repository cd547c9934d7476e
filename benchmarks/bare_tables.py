"""Tables without indexes and foreign keys for a while: millions of rows come many times as fast."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

FOREIGN = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint
WHERE contype = 'f' AND (conrelid = ANY(%(tables)s::regclass[])
    OR confrelid = ANY(%(tables)s::regclass[]))
"""
UNIQUE = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid = ANY(%(tables)s::regclass[])
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
"""
SETTINGS = ("maintenance_work_mem = '1GB'", "synchronize_seqscans = off")


@contextmanager
def bare(tables: Sequence[str]) -> Iterator[None]:
    """Until it is left. What was there is there again afterwards, but no old row is looked at for
    what it refers to."""
    told = {"tables": list(tables)}
    foreign, unique = _answered(FOREIGN, told), _answered(UNIQUE, told)
    for table, name, _ in (*foreign, *unique):
        _do(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = _answered(INDEXES, told)
    for name, _ in indexes:
        _do(f"DROP INDEX {name}")
    for setting in SETTINGS:
        _do(f"SET {setting}")
    yield
    for _, definition in indexes:
        _do(definition)
    for table, name, definition in unique:
        _do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for table, name, definition in foreign:
        _do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


def _answered(question: str, told: dict[str, list[str]]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, told)
        return list(cursor.fetchall())


def _do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
