"""A query on another database as a directory: read-only, with the id as its parameter.

PostgreSQL, or an SQLite file for a small house. Connections are kept, one a thread. A database
inside the house has to stand in EGRESS_ALLOW like anything else that is called there.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from gateway_project.lib.dialling import checked_addresses
from gateway_project.lib.shares import part_of
from gateways.directory_kinds import PARAMETER
from users.directories.base import (
    ANSWER_SECONDS,
    Directory,
    DirectoryDown,
    Record,
    Weakness,
    answer_of,
)

THREADS = 4
"""Of one `worker` command, and of each web process."""
KNOWN = ("email", "phone", "brand")
IN_THE_OPEN = Weakness(
    "addresses travel unencrypted", "Add ?sslmode=verify-full to its dsn, with sslrootcert."
)
MAY_WRITE = Weakness(
    "its database user may change tables", "Give it a user of its own that may SELECT only."
)
WRITABLE = """
    SELECT EXISTS (
        SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
        AND has_table_privilege(pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    ) AS is_writable
"""
Rows = list[dict[str, Any]]


class SqlDirectory(Directory):
    kind = "sql"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._of_this_thread = threading.local()
        self._threads = ThreadPoolExecutor(part_of(THREADS), "directory")
        self._is_file = urlsplit(settings["dsn"]).scheme == "sqlite"
        self._query = settings["query"].strip().rstrip(";")
        if not self._is_file:
            self._query = PARAMETER.sub("%(ext_user_id)s", self._query.replace("%", "%%"))

    def ask(self, ext_user_id: str) -> "Future[Any]":
        return self._threads.submit(self._rows, ext_user_id)

    def read(self, answer: Rows) -> Record | None:
        if len(answer) > 1:
            raise DirectoryDown("the query finds more than one row")
        if not answer:
            return None
        (row,) = answer
        known = {name: row.get(name) for name in KNOWN}
        others = {name: _plain(value) for name, value in row.items() if name not in KNOWN}
        return known | {"properties": others}

    def weaknesses(self) -> list[Weakness]:
        """Of a file none: it is opened to be read."""
        if self._is_file:
            return []
        found: list[Weakness] = answer_of(self._threads.submit(self._seen), ANSWER_SECONDS * 2)
        return found

    def _seen(self) -> list[Weakness]:
        """Queries are read-only whatever the user may; a leaked dsn is not."""
        with self._connection() as connection:
            try:
                is_writable = connection.execute(WRITABLE).fetchone()["is_writable"]
            finally:
                connection.rollback()
            address = ip_address(connection.info.hostaddr)
            is_open = not (connection.pgconn.ssl_in_use or address.is_loopback)
        return [IN_THE_OPEN] * is_open + [MAY_WRITE] * is_writable

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _rows(self, ext_user_id: str) -> Rows:
        """At most two rows: a second one is one too many."""
        parameters = {"ext_user_id": ext_user_id}
        with self._connection() as connection:
            try:
                cursor = connection.execute(self._query, parameters)
                found = cursor.fetchmany(2)
            except (psycopg.DataError, sqlite3.DataError):
                # An id that the column's type cannot hold is nobody's.
                return []
            finally:
                connection.rollback()
        return [dict(row) for row in found]

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """This thread's connection; a broken one is not kept."""
        kept = getattr(self._of_this_thread, "connection", None)
        if kept is None:
            kept = self._of_this_thread.connection = self._connected()
        try:
            yield kept
        except BaseException:
            self._of_this_thread.connection = None
            kept.close()
            raise

    def _connected(self) -> Any:
        dsn = self.settings["dsn"]
        if self._is_file:
            path = "/" + urlsplit(dsn).path.lstrip("/")
            file = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=ANSWER_SECONDS)
            file.row_factory = sqlite3.Row
            return file
        return _server_connection(dsn)


def _server_connection(dsn: str) -> Any:
    """To a checked address, and read-only whatever the query says."""
    wanted = conninfo_to_dict(dsn)
    host, port = str(wanted.get("host") or "localhost"), int(str(wanted.get("port") or 5432))
    milliseconds = int(ANSWER_SECONDS * 1000)
    connection = psycopg.connect(
        dsn,
        hostaddr=checked_addresses(host, port)[0],
        connect_timeout=max(1, round(ANSWER_SECONDS)),
        options=f"-c statement_timeout={milliseconds} -c default_transaction_read_only=on",
        application_name="gatehouse",
        row_factory=dict_row,
    )
    connection.read_only = True
    return connection


def _plain(value: Any) -> Any:
    """As a property: what JSON has no word for, as text."""
    is_plain = value is None or isinstance(value, str | int | float | bool | list | dict)
    return value if is_plain else str(value)
