"""Statements that are sent to the database, prepared ones among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway_project.lib import prepared


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """All of what is done inside, once it is done."""
    sent: list[str] = []
    rows = prepared.rows

    def noted(statement: str, *parameters: Any) -> Any:
        sent.append(statement)
        return rows(statement, *parameters)

    with monkeypatch.context() as patched, CaptureQueriesContext(connection) as captured:
        patched.setattr(prepared, "rows", noted)
        yield sent
    sent += [query["sql"] for query in captured]
