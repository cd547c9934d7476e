"""Prepared statements of a PostgreSQL server."""

import threading

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from gateway_project.lib import prepared

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
]


def known_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%1000+%'")
        count: int = cursor.fetchall()[0][0]
        return count


def test_a_statement_is_planned_once_for_all_its_parameters() -> None:
    assert [prepared.rows("SELECT 1000+%s::int", [n]) for n in (1, 2)] == [[(1001,)], [(1002,)]]
    assert known_statements() == 1


def test_a_statement_without_an_answer_has_no_rows() -> None:
    assert prepared.rows("SET application_name = 'here'") == []


def test_errors_are_those_of_django() -> None:
    with pytest.raises(DataError):
        prepared.rows("SELECT 1/%s::int", [0])


def migrate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE migrated ALTER name TYPE bigint")
    connection.close()


def test_a_statement_that_a_migration_has_made_stale_is_trouble_once_and_prepared_anew() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE migrated (name integer)")
    try:
        assert prepared.rows("SELECT name FROM migrated") == []
        migration = threading.Thread(target=migrate)
        migration.start()
        migration.join()
        with pytest.raises(OperationalError, match="stale"):
            prepared.rows("SELECT name FROM migrated")
        assert prepared.rows("SELECT name FROM migrated") == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE migrated")


def test_nothing_is_asked_in_a_transaction_that_is_broken() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            prepared.rows("SELECT 1")
