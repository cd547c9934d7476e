"""Which keys are in use, and what the start says where they are not given."""

import threading

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction

from gateway_project.checks import refuse_wrong_keys
from gateway_project.lib import key_use
from gateway_project.lib.key_use import key_used
from gateways.models import KeyTask, UsedKey
from tests.factories import EndUserFactory, LabelFactory

KEY_A = "a:" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
KEY_B = "b:" + "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
KEY_A_OF_ANOTHER = "a:" + KEY_B.partition(":")[2]


def used() -> list[tuple[str, str, bool]]:
    rows = UsedKey.objects.order_by("task", "key_id")
    return [(row.task, row.key_id, row.retired_at is not None) for row in rows]


def problems() -> list[str]:
    return [found.id for found in run_checks() if str(found.id).startswith("gatehouse.")]


@pytest.fixture
def sealed(db, django_capture_on_commit_callbacks):
    """Seals something and commits it."""

    def seal() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            LabelFactory()

    return seal


@pytest.fixture
def house(sealed, settings):
    """One row sealed with the key `a`."""
    settings.PII_KEYS = KEY_A
    sealed()


def test_the_first_sealed_value_names_its_key_and_the_index_key(house):
    assert used() == [("indexes", "", False), ("seals", "a", False)]


def test_a_key_that_only_opens_is_not_in_use(house, sealed, settings):
    settings.PII_KEYS = f"{KEY_A},{KEY_B}"
    sealed()
    assert [key_id for _, key_id, _ in used()] == ["", "a"]
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    sealed()
    assert [key_id for _, key_id, _ in used()] == ["", "a", "b"]


def test_no_key_and_nothing_to_try_keys_with_is_in_the_table(house):
    row = UsedKey.objects.get(task=KeyTask.SEALS)
    assert KEY_A.partition(":")[2] not in repr(vars(row))
    assert len(row.fingerprint) == 64


def test_what_was_rolled_back_needs_no_key(transactional_db):
    with transaction.atomic():
        LabelFactory()
        transaction.set_rollback(True)
    assert used() == []
    LabelFactory()
    assert len(used()) == 2


def test_many_values_of_one_transaction_are_told_of_once(transactional_db):
    told = []
    key_used.connect(hear := lambda key_id, **_: told.append(key_id))
    with transaction.atomic():
        EndUserFactory.create_batch(20)
    key_used.disconnect(hear)
    assert told == ["t1"]


@pytest.mark.postgresql
def test_two_that_seal_for_the_first_time_do_not_wait_for_each_other(transactional_db):
    """The first has not committed when the second does."""
    label = LabelFactory()
    UsedKey.objects.all().delete()
    key_use.forget()

    def second() -> None:
        EndUserFactory(label=label)
        connection.close()

    with transaction.atomic():
        EndUserFactory(label=label)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert len(used()) == 2


def test_a_use_that_cannot_be_written_down_is_told_again(transactional_db):
    def break_off(**_):
        raise ZeroDivisionError

    key_used.connect(break_off)
    try:
        LabelFactory()
        assert key_use._told_at == {}
    finally:
        key_used.disconnect(break_off)
    LabelFactory()
    assert list(key_use._told_at) == ["t1"]


def test_a_retired_key_that_seals_again_is_in_use_again(house, sealed):
    UsedKey.objects.update(retired_at="2024-01-01T00:00Z")
    key_use.forget()
    sealed()
    assert used() == [("indexes", "", False), ("seals", "a", False)]


def test_the_keys_that_the_data_need_are_let_through(house, settings):
    for ring in (KEY_A, f"{KEY_B},{KEY_A}", f"{KEY_A},{KEY_B}"):
        settings.PII_KEYS = ring
        assert problems() == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"PII_KEYS": KEY_B}, ["gatehouse.E013"]),
        ({"PII_KEYS": KEY_A_OF_ANOTHER}, ["gatehouse.E014"]),
        ({"PII_KEYS": f"{KEY_B},{KEY_A_OF_ANOTHER}"}, ["gatehouse.E014"]),
        ({"PII_INDEX_KEY": "another"}, ["gatehouse.E015"]),
        ({"PII_INDEX_KEY": "another", "PII_KEYS": KEY_B}, ["gatehouse.E013", "gatehouse.E015"]),
        ({"PII_KEYS": ""}, ["gatehouse.E002"]),
        ({"PII_INDEX_KEY": ""}, ["gatehouse.E003"]),
        ({"PII_KEYS": "a:b"}, ["gatehouse.E004"]),
    ],
)
def test_other_keys_are_refused_at_the_start(house, settings, given, expected):
    for name, value in given.items():
        setattr(settings, name, value)
    assert sorted(problems()) == expected


def test_a_retired_key_may_be_missing_and_may_not_come_back_as_another(house, settings):
    UsedKey.objects.filter(task=KeyTask.SEALS).update(retired_at="2024-01-01T00:00Z")
    settings.PII_KEYS = KEY_B
    assert problems() == []
    settings.PII_KEYS = f"{KEY_B},{KEY_A_OF_ANOTHER}"
    assert problems() == ["gatehouse.E014"]


def test_a_web_process_that_nobody_checked_refuses_wrong_keys_itself(house, settings):
    refuse_wrong_keys()
    settings.PII_KEYS = KEY_B
    with pytest.raises(Exception, match="PII_KEYS lacks a") as refused:
        refuse_wrong_keys()
    assert KEY_B.partition(":")[2] not in str(refused.value)
