"""Rotation: what it seals anew, what it leaves alone, and which keys may go then."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from gateway_project.lib import key_use, swapping
from gateway_project.lib.alone import AlreadyAtWork
from gateway_project.lib.fields import Ciphertext, SealedTextField
from gateway_project.lib.sealed_tables import sealed_tables
from gateways import rotating
from gateways.models import AuditEntry, Gateway, Label, UsedKey
from gateways.rotating import rotation
from tests.factories import EndUserFactory, GatewayFactory, LabelFactory, MessageFactory
from users.models import EndUser

KEY_A = "a:" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
KEY_B = "b:" + "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
KEY_C = "c:" + "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M="
EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"

pytestmark = pytest.mark.django_db


@pytest.fixture
def users(settings, django_capture_on_commit_callbacks):
    """Seven users whose addresses are sealed with the key `a`; `b` is first now, `a` is quiet."""
    settings.PII_KEYS = KEY_A
    label = LabelFactory(callback_api_key=None)
    with django_capture_on_commit_callbacks(execute=True):
        made = [EndUserFactory(label=label, email=EMAIL, phone=PHONE) for _ in range(7)]
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    be_quiet()
    return sorted(made, key=lambda user: user.pk)


def be_quiet():
    """As if nothing had been sealed for an hour."""
    UsedKey.objects.update(last_used_at=timezone.now() - timedelta(hours=1))


def rotate(batch=3):
    with rotation(batch) as run:
        run.begin()
        batches = list(run.walk())
        return run, batches, run.conclude()


def key_ids(column="email"):
    values = EndUser.objects.order_by("pk").values_list(column, flat=True)
    return [str.partition(value, "$")[0] for value in values]


def test_everything_comes_under_the_first_key_and_opens(users):
    indexes = [user.email_index for user in users]
    run, batches, conclusion = rotate()
    assert [done.seen for done in batches] == [3, 3, 1]
    assert run.changed == 7
    assert key_ids("email") == key_ids("phone") == ["b"] * 7
    again = EndUser.objects.order_by("pk")
    assert {(user.email.reveal(), user.phone.reveal()) for user in again} == {(EMAIL, PHONE)}
    assert [user.email_index for user in again] == indexes
    assert conclusion.left == {}


def test_the_tables_are_found_without_being_named():
    declared = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedTextField)
    }
    found = {(table.name, field.column) for table in sealed_tables() for field in table.columns}
    assert found == declared


def test_every_kind_of_primary_key_and_binding_is_rotated(settings):
    settings.PII_KEYS = KEY_A
    gateway = GatewayFactory(config={"password": "canary"})
    message = MessageFactory(gateway=gateway, label=gateway.label)
    settings.PII_KEYS = f"{KEY_B},{KEY_A}"
    rotate()
    settings.PII_KEYS = KEY_B
    again = Gateway.objects.get(pk=gateway.pk)
    assert again.config.reveal() == {"password": "canary"}
    assert again.token.reveal() == gateway.token.reveal()
    assert Label.objects.get(pk=gateway.label_id).callback_api_key.reveal()
    message.refresh_from_db()
    assert message.content.reveal() == {"body": "Best offer ever"}
    assert message.callback_url.reveal()


def test_what_is_under_the_first_key_already_is_not_written(users):
    rotate()
    before = list(EndUser.objects.order_by("pk").values_list("email", "phone"))
    run, batches, _ = rotate()
    assert (run.changed, batches) == (0, [])
    assert list(EndUser.objects.order_by("pk").values_list("email", "phone")) == before


def test_a_null_stays_null_and_the_rest_of_the_row_is_sealed_anew(users):
    EndUser.objects.filter(pk=users[0].pk).update(phone=None)
    rotate()
    assert EndUser.objects.get(pk=users[0].pk).phone is None
    assert key_ids("email") == ["b"] * 7


def test_a_rotation_that_was_broken_off_goes_on_where_it_was(users):
    with rotation(3) as run:
        run.begin()
        next(run.walk())
    assert key_ids() == ["b"] * 3 + ["a"] * 4
    with rotation(3) as run:
        assert run.begin() == 4


def test_a_row_that_was_changed_meanwhile_keeps_its_new_value(users, monkeypatch):
    changed = users[1]
    real_swap = swapping.swap

    def swap_late(table, changes):
        monkeypatch.setattr("gateway_project.lib.resealing.swap", real_swap)
        EndUser.objects.get(pk=changed.pk).delete()
        changed.email = "new@mailbox.example"
        changed.save()
        return real_swap(table, changes)

    monkeypatch.setattr("gateway_project.lib.resealing.swap", swap_late)
    _, batches, conclusion = rotate()
    assert batches[0].missed == 1
    assert EndUser.objects.get(pk=changed.pk).email.reveal() == "new@mailbox.example"
    assert key_ids("phone") == ["b"] * 7
    assert conclusion.left == {}


@contextmanager
def held_elsewhere(user):
    """Another connection has locked the row, as a worker or the platform's API would."""
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            EndUser.objects.select_for_update().get(pk=user.pk)
            held.set()
            let_go.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        yield let_go
    finally:
        let_go.set()
        thread.join()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_passed_over_and_done_later(users, monkeypatch):
    with held_elsewhere(users[1]) as let_go:
        monkeypatch.setattr("gateways.rotating.time.sleep", lambda seconds: let_go.set())
        _, batches, conclusion = rotate()
    assert batches[0].missed == 1
    assert key_ids() == ["b"] * 7
    assert conclusion.left == {}


def test_a_damaged_value_is_named_and_stops_nothing(users):
    EndUser.objects.filter(pk=users[2].pk).update(email=Ciphertext("a$damaged"))
    EndUser.objects.filter(pk=users[4].pk).update(phone=Ciphertext("gone$AAAA"))
    run, batches, conclusion = rotate()
    damages = [damage for done in batches for damage in done.damages]
    assert [(damage.row, damage.column) for damage in damages] == [
        (str(users[2].pk), "email"),
        (str(users[4].pk), "phone"),
    ]
    assert run.changed == 7
    assert EndUser.objects.get(pk=users[2].pk).phone.reveal() == PHONE
    assert conclusion.left == {"a": 1}
    assert conclusion.removable == []


def test_a_value_of_another_row_is_damage_and_is_not_made_to_fit(users):
    stolen = EndUser.objects.values_list("email", flat=True).get(pk=users[0].pk)
    EndUser.objects.filter(pk=users[1].pk).update(email=stolen)
    _, batches, _ = rotate()
    (damage,) = [damage for done in batches for damage in done.damages]
    assert damage.row == str(users[1].pk)


def test_a_key_that_nothing_needs_is_retired_and_may_go(users):
    _, _, conclusion = rotate()
    assert (conclusion.removable, conclusion.still_sealing) == (["a"], [])
    assert UsedKey.objects.get(key_id="a").retired_at
    assert not UsedKey.objects.get(key_id="b").retired_at
    _, _, again = rotate()
    assert again.removable == ["a"]


def test_a_key_that_some_process_has_just_sealed_with_is_not_retired(users):
    UsedKey.objects.filter(key_id="a").update(last_used_at=timezone.now())
    _, _, conclusion = rotate()
    assert (conclusion.removable, conclusion.still_sealing) == ([], ["a"])
    assert not UsedKey.objects.get(key_id="a").retired_at


def test_a_key_that_came_first_only_after_its_rows_were_made_is_known_to_be_needed(users):
    UsedKey.objects.all().delete()
    rotate_from = rotation(3)
    with rotate_from as run:
        run.begin()
    assert {row.key_id: row.rows_left for row in UsedKey.objects.filter(task="seals")} == {
        "a": 7,
        "b": None,
    }


def test_a_new_key_at_the_end_of_the_ring_is_not_said_to_be_removable(users, settings):
    settings.PII_KEYS = f"{KEY_B},{KEY_A},{KEY_C}"
    _, _, conclusion = rotate()
    assert conclusion.removable == ["a"]


def test_how_far_it_has_come_can_be_seen(users, monkeypatch):
    monkeypatch.setattr(rotating, "TELL_EVERY_SECONDS", -1)
    seen = []
    with rotation(3) as run:
        run.begin()
        for _ in run.walk():
            seen.append(UsedKey.objects.get(key_id="a").rows_left)
    assert seen == [4, 1, 0]


def test_begin_and_end_stand_in_the_audit(users):
    rotate()
    begun, ended = AuditEntry.objects.filter(action="rotated").order_by("pk")
    assert begun.changes == {"to": "b", "begins with rows of": {"a": 7}}
    assert ended.changes == {
        "to": "b",
        "rows sealed anew": 7,
        "rows left of": {},
        "retired": ["a"],
    }


def test_two_at_once_are_refused(users):
    with rotation(3):
        thread_saw = []

        def second():
            try:
                with rotation(3):
                    thread_saw.append("in")
            except AlreadyAtWork:
                thread_saw.append("refused")
            connection.close()

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(20)
    assert thread_saw == ["refused"]
    with rotation(3):
        pass


def test_the_command_says_what_may_go(users, capsys):
    call_command("rotate_keys")
    told = capsys.readouterr().out
    assert "Rows sealed anew with b: 7." in told
    assert "a: needed for no row. It may be taken off the ring" in told


def test_a_dry_run_counts_and_writes_nothing(users, capsys):
    before = list(EndUser.objects.values_list("email"))
    call_command("rotate_keys", dry_run=True)
    told = capsys.readouterr().out
    assert "users_enduser" in told
    assert "b (first)" in told
    assert list(EndUser.objects.values_list("email")) == before
    assert not AuditEntry.objects.exists()


def test_the_command_fails_where_something_does_not_open_and_lists_it(users, capsys, tmp_path):
    EndUser.objects.filter(pk=users[2].pk).update(email=Ciphertext("a$damaged"))
    listed = tmp_path / "damaged.csv"
    with pytest.raises(CommandError, match="Values that no key opens: 1"):
        call_command("rotate_keys", damaged=str(listed))
    assert listed.read_text().splitlines() == [
        "table,id,column",
        f"users_enduser,{users[2].pk},email",
    ]
    with pytest.raises(CommandError):
        call_command("rotate_keys")
    told = capsys.readouterr().out
    assert f"no key opens email of users_enduser {users[2].pk}" in told
    assert "a: still needed for 1 rows" in told
    assert "damaged" not in told


def test_a_lost_key_is_given_up_by_name_only(users, settings):
    settings.PII_KEYS = KEY_B
    for key_id, ring in (("x", KEY_B), ("a", f"{KEY_B},{KEY_A}")):
        settings.PII_KEYS = ring
        with pytest.raises(CommandError):
            call_command("rotate_keys", give_up=key_id)
    settings.PII_KEYS = KEY_B
    call_command("rotate_keys", give_up="a")
    assert UsedKey.objects.get(key_id="a").retired_at
    assert AuditEntry.objects.get().changes == {"given up": "a"}


def test_new_rows_tell_of_the_new_key(users, django_capture_on_commit_callbacks):
    key_use.forget()
    with django_capture_on_commit_callbacks(execute=True):
        EndUserFactory(label=users[0].label)
    assert UsedKey.objects.filter(key_id="b").exists()
