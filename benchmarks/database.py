"""A house's database, looked at from outside on a connection of its own."""

import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg


class ServerDatabase:
    """On a database server. The connection is kept: looking must cost little."""

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def _connection(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self.url, autocommit=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query.encode()).fetchall()

    def number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def empty(self, table: str) -> None:
        """The table and whatever hangs on it; what was written is on the disk afterwards."""
        for statement in (f"TRUNCATE {table} CASCADE", "VACUUM ANALYZE", "CHECKPOINT"):
            self._connection.execute(statement.encode())


class FileDatabase:
    """The embedded one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self._path, timeout=20) as file:
            return file.execute(query).fetchall()

    def number(self, query: str) -> int:
        return int(self.rows(query)[0][0])
