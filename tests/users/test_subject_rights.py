"""What a person may ask for: a copy of all that is kept, and to be forgotten, each with a proof."""

import json
import os
import stat
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.redaction import reveals
from gateways.models import Action, AuditEntry
from messages_app.models import InboxEntry, Message, Relay, SendAttempt, State, StatusEvent
from messages_app.relaying.owing import notice_subject
from tests.factories import EndUserFactory, GatewayFactory, LabelFactory, MessageFactory
from tests.platform_caller import call, platform_key
from users.erasing import erase, proof_of
from users.exporting import UNREADABLE, export
from users.models import EndUser, ErasureProof, Lifting, MissingUser, Suppression
from users.suppressions import lift, suppress

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
REASON = "Asked for by letter of the person"


@pytest.fixture
def user():
    return EndUserFactory(email=EMAIL, phone=PHONE, ext_user_id="canary-id")


@pytest.fixture
def message(user):
    message = MessageFactory(label=user.label, end_user=user)
    now = timezone.now()
    StatusEvent.objects.create(
        message=message, status="accepted", occurred_at=now, recorded_at=now, is_reported=True
    )
    CallbackDelivery.objects.create(
        message=message,
        label=user.label,
        host="https://api.smartico.ai",
        status="accepted",
        due_at=now,
        created_at=now,
    )
    return message


def run(command: str, *args: str, **options) -> None:
    call_command(command, *args, **options)


def test_the_proof_names_nobody_and_is_found_by_who_knows_the_id(user, message):
    (proof,) = erase([user], "a test", reason=f"asked by {EMAIL}")
    told = json.dumps([str(getattr(proof, field.attname)) for field in proof._meta.fields])
    for canary in (EMAIL, PHONE, "canary-id"):
        assert not reveals(told, canary)
    assert proof.removed == {"addresses": 2, "messages": 1, "messages_not_sent": 1}
    assert proof_of(user.label_id, "canary-id") == proof
    assert proof_of(user.label_id, "canary-i") is None
    assert proof_of(LabelFactory().pk, "canary-id") is None


def test_it_is_written_down_who_erased_and_why(user):
    erase([user], "erase_user", reason=REASON)
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.reason) == ("erase_user", Action.ERASED, REASON)
    assert entry.subject_id == str(user.pk)


def test_opt_outs_stay_unless_they_are_to_go_too(user):
    again = EndUserFactory(label=user.label, email=EMAIL, phone=None)
    Suppression.objects.create(
        label=user.label, channel="email", address_index=user.email_index, reason="complained"
    )
    erase([user], "a test")
    assert Suppression.objects.count() == 1
    (proof,) = erase([again], "a test", with_suppressions=True)
    assert Suppression.objects.count() == 0
    assert proof.removed["suppressions"] == 1


def test_what_was_lifted_is_forgotten_with_the_person_and_exported_before(user):
    other = EndUserFactory(label=user.label, email="other@mailbox.example", phone=None)
    for one in (user, other):
        suppress(one.label_id, "email", [one.email_index], "complained")
        lift(one.label_id, "email", [one.email_index], by="a test", because="of the other")
    (told,) = export(user, "a test", REASON)["lifted_suppressions"]
    assert (told["channel"], told["reason"]) == ("email", "complained")
    assert told["since"] <= told["until"]
    erase([user], "a test")
    assert Lifting.objects.get().address_index == other.email_index


def test_an_id_that_was_asked_for_is_forgotten_as_well(user):
    now = timezone.now()
    MissingUser.objects.create(
        label=user.label, ext_user_id="canary-id", times=1, first_asked_at=now, last_asked_at=now
    )
    erase([user], "a test")
    assert not MissingUser.objects.exists()


def test_the_command_erases_and_says_how_much_and_no_name(user, message, capsys):
    run("erase_user", "canary-id", label=user.label.slug, reason=REASON)
    told = capsys.readouterr().out
    assert told == "user 1: erased; removed 2 addresses, 1 messages, 1 messages not sent\n"
    message.refresh_from_db()
    assert (message.state, message.status, message.content) == (State.FAILED, "failed", None)
    run("erase_user", "canary-id", label=user.label.slug)
    assert "was erased on" in capsys.readouterr().out


def test_the_command_reads_a_file_and_tells_whom_it_did_not_find(user, tmp_path, capsys):
    other = EndUserFactory(label=user.label)
    file = tmp_path / "ids"
    file.write_text(f"canary-id\nnobody\n{other.ext_user_id}\n")
    with pytest.raises(CommandError, match=r"Not found in this label: 1\."):
        run("erase_user", label=user.label.slug, file=str(file))
    assert "user 2: not found" in capsys.readouterr().out
    assert not EndUser.objects.exists()


@pytest.mark.parametrize(
    ("args", "options", "problem"),
    [
        ((), {}, "Name a user"),
        ((), {"file": "/nowhere/at/all"}, "cannot be read"),
        (("x",), {"label": "nowhere"}, "no label 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said(user, args, options, problem):
    with pytest.raises(CommandError, match=problem):
        run("erase_user", *args, **{"label": user.label.slug} | options)


def test_an_export_holds_all_that_is_kept_and_nothing_of_others(user, message):
    sharing = EndUserFactory(label=user.label, email=EMAIL)
    MessageFactory(label=user.label, end_user=sharing, content={"body": "For another"})
    Suppression.objects.create(
        label=user.label, channel="email", address_index=user.email_index, reason="complained"
    )
    told = json.loads(json.dumps(export(user, "a test", REASON)))
    assert told["profile"]["email"] == EMAIL
    assert told["profile"]["phone"] == PHONE
    assert [one["reason"] for one in told["suppressions"]] == ["complained"]
    (exported,) = told["messages"]
    assert exported["content"] == {"body": "Best offer ever"}
    assert [one["status"] for one in exported["statuses"]] == ["accepted"]
    assert [one["ext_message_id"] for one in told["told_to_smartico"]] == [str(message.pk)]
    assert AuditEntry.objects.get().action == Action.EXPORTED


def relay(user, **values) -> Relay:
    now = timezone.now()
    return Relay.objects.create(
        **{"label": user.label, "due_at": now, "created_at": now, **values},
    )


def test_an_export_holds_what_others_are_told_and_were(user):
    other = EndUserFactory(label=user.label, email="other@mailbox.example", phone=None)
    gateway = GatewayFactory(label=user.label, slug="crm")
    order = {"first_name": "Jo", "delivery_address": "1 Main Street"}
    for one in (user, other):
        relay(one, gateway=gateway, kind="order", end_user=one, payload=order)
        relay(one, gateway=gateway, kind="opt_out", subject=one.email_index, outcome="rejected")
        relay(
            one,
            listener="platform",
            kind="opt_out",
            subject=notice_subject("email", one.email_index),
            payload={"channel": "email", "reason": "complained"},
        )
    waiting, refused, notice = json.loads(json.dumps(export(user, "a test", REASON)))["relays"]
    assert (waiting["kind"], waiting["told_to"], waiting["outcome"]) == ("order", "crm", "waiting")
    assert (waiting["content"], waiting["settled_at"]) == (order, None)
    assert (refused["kind"], refused["outcome"]) == ("opt_out", "rejected")
    assert (notice["told_to"], notice["content"]["reason"]) == ("platform", "complained")


def test_an_export_holds_what_was_reported_of_an_address_and_belongs_to_no_message(user):
    gateway = GatewayFactory(label=user.label)
    now = timezone.now()
    for index in (user.email_index, "0" * 64):
        InboxEntry.objects.create(
            gateway=gateway,
            waits_for="its_message",
            address_index=index,
            status="complained",
            meaning=index,
            occurred_at=now,
            received_at=now,
        )
    told = export(user, "a test", REASON)["unmatched_reports"]
    assert told == [{"status": "complained", "at": now.isoformat()}]


def test_an_export_holds_the_text_that_was_sent_and_what_the_platform_was_answered(user, message):
    platform_key(user.label)
    for name, body in (("one", {"phone": None}), ("two", {"properties": {"level": 4}})):
        path = f"/platform/v1/users/{user.ext_user_id}"
        assert call("patch", path, body, headers={"Idempotency-Key": name}).status_code == 200
    SendAttempt.objects.create(
        message=message,
        gateway=message.gateway,
        number=1,
        outcome="sent",
        rendered="Best offer ever, Jo",
        rendered_as=new_id(),
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    told = json.loads(json.dumps(export(user, "a test", REASON)))
    assert [each["sent"] for each in told["messages"][0]["tries"]] == ["Best offer ever, Jo"]
    assert [each["status"] for each in told["kept_answers"]] == [200, 200]
    assert '"level":4' in told["kept_answers"][1]["answer"]


def test_an_export_holds_what_was_done_about_the_person_and_not_by_whom(user):
    export(user, "mia", REASON)
    told = export(user, "a test", REASON)
    assert [each["action"] for each in told["deeds"]] == ["exported", "exported"]
    assert "mia" not in json.dumps(told)


def test_an_export_says_what_no_key_opens(user):
    EndUser.objects.filter(pk=user.pk).update(sealed_properties=Ciphertext("t1$damaged"))
    told = export(EndUser.objects.get(pk=user.pk), "a test", REASON)
    assert told["profile"]["properties"] == UNREADABLE


def test_the_command_writes_a_file_that_only_its_owner_reads(user, tmp_path):
    file = tmp_path / "copy.json"
    options = {"label": user.label.slug, "reason": REASON, "output": str(file)}
    run("export_user", "canary-id", **options)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert json.loads(file.read_text())["profile"]["ext_user_id"] == "canary-id"
    with pytest.raises(CommandError, match="File exists"):
        run("export_user", "canary-id", **options)
    with pytest.raises(CommandError, match="Say why"):
        run("export_user", "canary-id", **options | {"reason": "because"})
    with pytest.raises(CommandError, match="no such user"):
        run("export_user", "nobody", **options)


@pytest.fixture
def staff(client):
    person = User.objects.create_user("mia", is_staff=True)
    codenames = ("view_enduser", "export_enduser", "erase_enduser", "view_erasureproof")
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    return client


def post(staff, deed: str, user, **data):
    return staff.post(reverse(f"admin:users_enduser_{deed}", args=[user.pk]), data)


def test_the_page_gives_a_copy_to_who_says_why(staff, user, message):
    answer = post(staff, "export", user, reason=REASON)
    assert answer["Content-Disposition"] == f'attachment; filename="end-user-{user.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["profile"]["email"] == EMAIL
    refused = post(staff, "export", user, reason="because")
    assert refused.status_code == 302
    assert AuditEntry.objects.filter(action=Action.EXPORTED).count() == 1


def test_the_page_erases_only_what_is_meant(staff, user):
    for data in ({"reason": REASON}, {"reason": "short", "is_meant": "on"}):
        post(staff, "erase", user, **data)
        assert EndUser.objects.filter(pk=user.pk).exists()
    answer = post(staff, "erase", user, reason=REASON, is_meant="on")
    proof = ErasureProof.objects.get()
    assert answer["Location"] == reverse("admin:users_erasureproof_change", args=[proof.pk])
    shown = staff.get(answer["Location"]).content.decode()
    assert "canary" not in shown
    assert AuditEntry.objects.get(action=Action.ERASED).actor_name == "mia"


def test_a_proof_is_found_by_the_id_that_stands_nowhere_in_it(staff, user):
    erase([user], "a test")
    found = staff.post(reverse("admin:users_erasureproof_find"), {"sought": "canary-id"})
    assert f"id__in={ErasureProof.objects.get().pk}" in found["Location"]
    nothing = staff.post(reverse("admin:users_erasureproof_find"), {"sought": "nobody"})
    assert "id__in" not in nothing["Location"]


def test_old_proofs_do_not_hide_the_last(user):
    erase([user], "a test")
    ErasureProof.objects.update(erased_at=timezone.now() - timedelta(days=400))
    again = EndUserFactory(label=user.label, ext_user_id="canary-id")
    (proof,) = erase([again], "a test")
    assert proof_of(user.label_id, "canary-id") == proof


def test_a_message_to_another_user_is_untouched(user, message):
    other = MessageFactory(label=user.label)
    erase([user], "a test")
    assert Message.objects.get(pk=other.pk).content is not None
