"""How a PostgreSQL server would read what a piece of work asks for, found out by EXPLAIN."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gateway_project.lib import prepared

EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|INSERT|DELETE|WITH|\()", re.IGNORECASE)
SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
PASSED_ON = {
    *("LockRows", "Subquery Scan", "Result", "Nested Loop", "Incremental Sort"),
    *("Bitmap Heap Scan", *SCANS),
}
"""Where a limit above holds for what is below, unless it is filtered there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One place of a plan where a table is read. Without an `index` it is read from one end to the
    other; `is_walk`: all of the index is, or as much of it as it takes to find enough."""

    table: str
    index: str
    is_walk: bool
    is_in_order: bool
    """Whether the rows come as they stand in the index, and nothing has to be sorted."""
    is_end: bool
    """Whether no more than the first entries of the index are wanted, whatever they are."""
    statement: str


def reads_of(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[Read]:
    """Of all statements of the work, which is undone."""
    rows = prepared.rows

    def noted(statement: str, parameters: Any = ()) -> Any:
        asked = psycopg.ClientCursor(connection.connection).mogrify(statement, parameters)
        connection.queries_log.append({"sql": asked, "time": "0"})
        return rows(statement, parameters)

    with transaction.atomic(), monkeypatch.context() as patched:
        patched.setattr(prepared, "rows", noted)
        with CaptureQueriesContext(connection) as captured:
            work()
        transaction.set_rollback(True)
    with transaction.atomic(), connection.cursor() as cursor:
        # Small tables are read whole whatever indexes there are: here it is asked which there are.
        for way in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plans = plans_of([query["sql"] for query in captured])
        return [read for statement, plan in plans for read in _reads(plan, statement)]


def plans_of(asked: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Each statement with its plan, as it would be read where it was asked: what has been set for
    it is set again."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    ways = ""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in asked:
            if statement.startswith("SET LOCAL "):
                cursor.execute(statement)
                ways = statement
            elif EXPLAINED.match(statement) and (ways, statement) not in found:
                found[ways, statement] = _plan(cursor, statement)
    return [(statement, plan) for (_, statement), plan in found.items()]


def _plan(cursor: Any, statement: str) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.replace('%', '%%')}", ())
    (plan,) = cursor.fetchone()
    found: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return found


def _reads(
    plan: dict[str, Any], statement: str, *, table: str = "", is_limited: bool = False
) -> Iterator[Read]:
    kind, table = plan["Node Type"], plan.get("Relation Name", table)
    is_limited = kind == "Limit" or (is_limited and kind in PASSED_ON and "Filter" not in plan)
    if kind in SCANS:
        yield Read(
            table=table,
            index=plan.get("Index Name", ""),
            is_walk=kind != "Seq Scan" and "Index Cond" not in plan,
            is_in_order=kind in ("Index Scan", "Index Only Scan"),
            is_end=is_limited,
            statement=statement,
        )
    for place, part in enumerate(plan.get("Plans", ())):
        # What is looked up for each row of a limited number is no more than that.
        goes_on = is_limited and (kind != "Nested Loop" or place == 0)
        yield from _reads(part, statement, table=table, is_limited=goes_on)
