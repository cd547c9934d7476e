"""Tables that only grow, whoever speaks to the database."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from gateway_project.lib import append_only
from gateways.auditing import record
from gateways.models import Action, AuditEntry, AuditSeal, Label
from tests.gateways.audit_chain.tampering import sealed

TABLE = AuditEntry._meta.db_table


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", [f"UPDATE {TABLE} SET reason = 'another'", f"DELETE FROM {TABLE}"]
)
def test_what_is_there_is_neither_changed_nor_deleted(statement):
    record("apply_config", Action.CHANGED, Label, reason="the reason")
    with pytest.raises(IntegrityError, match=append_only.REFUSED):
        run(statement)
    assert AuditEntry.objects.get().reason == "the reason"


@pytest.mark.postgresql
@pytest.mark.django_db
def test_nor_is_the_table_emptied():
    record("apply_config", Action.CHANGED, Label)
    with pytest.raises(IntegrityError, match=append_only.REFUSED):
        run(f"TRUNCATE {TABLE} CASCADE")


IN_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own SQL")


@IN_SQLITE
@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        "id, at, 'x', action, '', '', '', 'a better reason', '{}', digest",
        "'0', at, 'x', action, '', '', '', 'a better reason', '{}', digest",
    ],
    ids=["by its id", "by its place"],
)
def test_nor_is_one_replaced(values):
    """INSERT OR REPLACE deletes what is in its way, which is no DELETE to any trigger."""
    record("apply_config", Action.CHANGED, Label, reason="the reason")
    columns = "id, at, actor_name, action, subject_type, subject_id, subject_name, reason, "
    columns += "changes, digest"
    with pytest.raises(IntegrityError, match=append_only.REFUSED):
        run(
            f"INSERT OR REPLACE INTO {TABLE} (rowid, {columns}) SELECT rowid, {values} FROM {TABLE}"
        )
    assert AuditEntry.objects.get().reason == "the reason"


@IN_SQLITE
@pytest.mark.django_db
def test_nor_does_a_place_go_to_another_entry():
    sealed(2)
    table = AuditSeal._meta.db_table
    with pytest.raises(IntegrityError, match=append_only.REFUSED):
        run(f"INSERT OR REPLACE INTO {table} SELECT 7, entry_id, digest FROM {table}")
    assert AuditSeal.objects.count() == 2


def another_trigger(name):
    if connection.vendor == "postgresql":
        return (
            "CREATE FUNCTION let_it_be() RETURNS trigger LANGUAGE plpgsql "
            f"AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR "
            f"TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION let_it_be()"
        )
    return f"CREATE TRIGGER {name} BEFORE UPDATE ON {TABLE} BEGIN SELECT 1; END"


@pytest.mark.django_db
def test_a_trigger_that_only_has_the_name_does_not_stand():
    name = next(iter(append_only._wanted(AuditEntry)))
    append_only._drop(AuditEntry, name)
    run(another_trigger(name))
    assert not append_only.is_guarded(AuditEntry)
    append_only.guard(AuditEntry)
    assert append_only.is_guarded(AuditEntry)
    record("apply_config", Action.CHANGED, Label, reason="the reason")
    with pytest.raises(IntegrityError, match=append_only.REFUSED):
        run(f"UPDATE {TABLE} SET reason = 'another'")


@pytest.mark.postgresql
@pytest.mark.django_db
def test_one_whose_function_was_made_harmless_does_not_stand():
    run(append_only.FUNCTION.replace(append_only.BODY, "BEGIN RETURN NULL; END"))
    assert not append_only.is_guarded(AuditEntry)
    append_only.guard(AuditEntry)
    assert append_only.is_guarded(AuditEntry)
    assert append_only.is_guarded(AuditSeal)


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.parametrize("narrowed", ["UPDATE OF reason", "INSERT"])
def test_one_that_looks_at_less_does_not_stand(narrowed):
    name = next(iter(append_only._wanted(AuditEntry)))
    append_only._drop(AuditEntry, name)
    run(
        f"CREATE TRIGGER {name} BEFORE {narrowed} ON {TABLE} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION gatehouse_only_grows()"
    )
    assert not append_only.is_guarded(AuditEntry)
    append_only.guard(AuditEntry)


@pytest.mark.django_db
def test_what_others_have_put_up_is_named():
    assert append_only.strangers(AuditEntry) == set()
    run(another_trigger("nothing_happens"))
    assert append_only.strangers(AuditEntry) == {"nothing_happens"}


@pytest.mark.postgresql
@pytest.mark.django_db
def test_so_is_a_rule_by_which_entries_get_lost():
    run(f"CREATE RULE lost AS ON INSERT TO {TABLE} DO INSTEAD NOTHING")
    assert append_only.strangers(AuditEntry) == {"lost"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [AuditEntry, AuditSeal])
def test_migrate_puts_the_triggers_up_again(model):
    assert append_only.is_guarded(model)
    append_only.lift(model)
    assert not append_only.is_guarded(model)
    call_command("migrate", verbosity=0)
    assert append_only.is_guarded(model)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_trigger_that_is_switched_off_does_not_stand():
    run(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
    assert not append_only.is_guarded(AuditEntry)
    append_only.guard(AuditEntry)
    assert append_only.is_guarded(AuditEntry)
