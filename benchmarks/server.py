"""The database server of a run, with scratch databases that are dropped when it is over."""

import secrets
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


class DatabaseServer:
    """The server of a URL, whose user may make databases."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._made:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            self._execute(drop.format(sql.Identifier(name)))

    @property
    def version(self) -> str:
        with psycopg.connect(self.url("postgres")) as connection:
            number = connection.info.server_version
        return f"PostgreSQL {number // 10_000}.{number % 10_000}"

    def show(self, setting: str) -> str:
        with psycopg.connect(self.url("postgres")) as connection:
            row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
        return str(row[0]) if row else ""

    def url(self, name: str) -> str:
        return urlunsplit(self._parts._replace(path=f"/{name}"))

    def make(self, purpose: str) -> str:
        """The URL of a new, empty database."""
        name = f"bench_{purpose}_{secrets.token_hex(3)}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._made.append(name)
        return self.url(name)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)
