"""What is left of a run: by place, all that was written there."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import connection

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


def of_the_tables() -> Iterator[tuple[str, str]]:
    """Every column of every row of every table, as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES[connection.vendor])
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            yield f"the database, {table}", "\n".join(map(str, cursor.fetchall()))


def of_the_sessions() -> str:
    """What is in the sessions of the back office, which are stored packed."""
    return "\n".join(str(session.get_decoded()) for session in Session.objects.all())


def of_the_database_files() -> Iterator[tuple[str, str]]:
    """What is in the files of an embedded database, that is deleted too."""
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        for file in sorted(name.parent.glob(f"{name.name}*")):
            yield f"the database, {file.suffix}", _text_of(file.read_bytes())


def of_the_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below the folder."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield f"the file {file.relative_to(folder)}", _text_of(file.read_bytes())


def _text_of(data: bytes) -> str:
    with suppress(zlib.error):
        data = zlib.decompress(data, wbits=zlib.MAX_WBITS | 32)
    return data.decode(errors="replace")
