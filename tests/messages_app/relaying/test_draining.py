"""Telling a provider what is owed, with a real server over there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.personal import Personal
from gateways import configuration
from gateways.models import Gateway
from messages_app.models import Relay, RelayKind, RelayOutcome
from messages_app.relaying import draining
from messages_app.relaying.draining import RelayWork, due_listeners
from messages_app.relaying.keeping import forget_relays, retry
from messages_app.relaying.losses import WORKER_LOST, take_back_lost_relays
from messages_app.relaying.settling import RELAY_SCHEDULE
from tests.factories import EndUserFactory
from tests.messages_app.relaying.peer import bodies, relay, standing
from tests.peers import Answer
from users.addresses import email_index
from users.erasing import erase
from users.models import EndUser
from users.suppressions import lift, suppress

pytestmark = pytest.mark.django_db

OTHER_KEY = "other:b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMzI="


def opt_out(*users) -> None:
    suppress(users[0].label_id, "email", [user.email_index for user in users], "unsubscribed")


def event(gateway, user, **changes) -> Relay:
    now = timezone.now()
    values = {
        "kind": RelayKind.EVENT,
        "payload": {"type": "deposit", "params": {"amount": 5}},
        "due_at": now,
        "created_at": now,
    }
    return Relay.objects.create(
        label=gateway.label, gateway=gateway, end_user=user, **(values | changes)
    )


def others(gateway, count: int) -> list:
    return [
        EndUserFactory(label=gateway.label, email=f"other{n}@mailbox.example") for n in range(count)
    ]


def due_in(row: Relay) -> float:
    row.refresh_from_db()
    return (row.due_at - timezone.now()).total_seconds()


def again(gateway) -> int:
    """As when the wait is over."""
    draining.forget()
    Relay.objects.filter(settled_at=None).update(due_at=timezone.now())
    return relay(gateway)


def test_opt_outs_leave_in_one_call_and_opt_ins_after_them(peer, gateway, jo):
    al = EndUserFactory(label=gateway.label, email="al@mailbox.example")
    opt_out(jo, al)

    assert due_listeners() == [str(gateway.pk)]
    assert relay(gateway) == 1
    lift(gateway.label_id, "email", [jo.email_index], by="a test")
    assert relay(gateway) == 1

    (added,) = bodies(peer, "emails/unsubscribed/add")
    assert set(added["emails"]) == {"jo@mailbox.example", "al@mailbox.example"}
    assert bodies(peer, "emails/unsubscribed/delete") == [{"emails": ["jo@mailbox.example"]}]
    assert {outcome for _, outcome in standing()} == {RelayOutcome.TAKEN}
    assert due_listeners() == []


def test_what_was_taken_back_before_it_left_is_not_told(peer, gateway, jo):
    opt_out(jo)
    lift(gateway.label_id, "email", [jo.email_index], by="a test")

    relay(gateway)
    relay(gateway)

    assert bodies(peer, "emails/unsubscribed/add") == []
    assert standing() == [("opt_out", "not_needed"), ("opt_in", "taken")]


def test_the_address_is_looked_up_when_it_leaves(peer, gateway, jo):
    opt_out(jo)
    jo.email = "new@mailbox.example"
    jo.save()

    relay(gateway)

    assert peer.asked == []
    assert standing() == [("opt_out", "not_needed")]


def test_a_refused_call_is_halved_down_to_what_is_refused(answers, peer, gateway, jo):
    opt_out(jo, *others(gateway, 6))
    answers.poison = "jo@mailbox.example"

    relay(gateway)

    assert Relay.objects.filter(outcome=RelayOutcome.TAKEN).count() == 6
    (refused,) = Relay.objects.filter(outcome=RelayOutcome.REJECTED)
    assert refused.subject == jo.email_index
    assert refused.detail.startswith("HTTP 400: cannot take")
    assert "jo@" not in refused.detail


def test_what_was_not_taken_for_now_is_told_again_later(answers, peer, gateway, jo):
    row = event(gateway, jo)
    answers.instead = Answer(503, "busy with jo@mailbox.example", {"Retry-After": "90"})

    relay(gateway)

    assert 80 < due_in(row) <= 90
    assert row.detail.startswith("HTTP 503")
    assert "jo@" not in row.detail
    assert due_listeners() == []
    answers.instead = None
    again(gateway)
    assert standing() == [("event", "taken")]


def test_a_relay_that_is_out_of_tries_has_failed(answers, gateway, jo):
    row = event(gateway, jo, attempts=len(RELAY_SCHEDULE))
    answers.instead = Answer(503)

    relay(gateway)

    row.refresh_from_db()
    assert (row.outcome, row.attempts) == ("failed", len(RELAY_SCHEDULE) + 1)


def test_what_a_provider_chokes_on_leaves_among_fewer_at_each_try(answers, peer, gateway, jo):
    opt_out(jo, *others(gateway, 7))
    Relay.objects.update(attempts=5)  # a call holds a hundred, then fifty, and now three

    relay(gateway)

    assert sorted(len(each["emails"]) for each in bodies(peer, "emails/unsubscribed/add")) == [
        *(2, 3, 3)
    ]


def test_a_refused_account_pauses_the_gateway_and_loses_nothing(answers, peer, gateway, jo):
    row = event(gateway, jo)
    answers.instead = Answer(401, "who are you")

    relay(gateway)

    found = Gateway.objects.get(pk=gateway.pk)
    assert (found.is_paused, found.paused_because) == (True, "HTTP 401: who are you")
    assert due_listeners() == []
    row.refresh_from_db()
    assert (row.outcome, row.attempts) == ("", 0)
    answers.instead = None
    found.is_paused = False
    found.save()
    again(gateway)
    assert standing() == [("event", "taken")]


def test_a_path_that_the_account_does_not_have_pauses_nothing(answers, gateway, jo):
    row = event(gateway, jo)
    answers.instead = Answer(404)

    relay(gateway)

    assert not Gateway.objects.get(pk=gateway.pk).is_paused
    assert 3000 < due_in(row) <= 3600


def test_a_path_that_does_not_answer_keeps_no_other_kind_back(peer, gateway, jo):
    event(gateway, jo)
    peer.respond = lambda asked: Answer(503 if asked.path == "/v1/event" else 200)
    relay(gateway)
    event(gateway, jo)
    opt_out(jo)

    assert due_listeners() == [str(gateway.pk)]
    relay(gateway)

    assert standing() == [("event", ""), ("event", ""), ("opt_out", "taken")]
    assert [asked.path for asked in peer.asked] == ["/v1/event", "/v1/emails/unsubscribed/add"]
    assert due_listeners() == []


def test_an_event_whose_outcome_is_unknown_is_not_told_again(answers, gateway, jo):
    event(gateway, jo)
    answers.instead = Answer(hang_up=True)

    relay(gateway)

    assert standing() == [("event", "unknown")]


def test_an_event_is_told_again_where_the_operator_says_so(answers, gateway, jo):
    gateway.on_unknown = "repeat"
    gateway.save()
    row = event(gateway, jo)
    answers.instead = Answer(hang_up=True)

    relay(gateway)

    row.refresh_from_db()
    assert (row.outcome, row.attempts) == ("", 1)


def test_an_opt_out_whose_outcome_is_unknown_is_told_again(answers, gateway, jo):
    opt_out(jo)
    answers.instead = Answer(hang_up=True)

    relay(gateway)
    answers.instead = None
    again(gateway)

    assert standing() == [("opt_out", "taken")]


def claimed_by_a_lost_worker(gateway) -> None:
    """The lease has run out."""
    lost = RelayWork(str(gateway.pk))
    while lost.claim(4):
        pass
    Relay.objects.exclude(lease=None).update(due_at=timezone.now())


def test_what_a_worker_holds_is_not_taken_back(gateway, jo):
    event(gateway, jo)
    assert len(RelayWork(str(gateway.pk)).claim(4)) == 1

    assert take_back_lost_relays() == 0
    assert relay(gateway) == 0


def test_what_a_lost_worker_had_claimed_is_due_again_but_an_event_may_have_left(gateway, jo):
    opt_out(jo)
    event(gateway, jo)
    claimed_by_a_lost_worker(gateway)
    assert relay(gateway) == 0

    assert take_back_lost_relays() == 2
    assert relay(gateway) == 1

    assert sorted(standing()) == [("event", "unknown"), ("opt_out", "taken")]


def test_an_event_of_a_lost_worker_is_told_again_where_the_operator_says_so(gateway, jo):
    gateway.on_unknown = "repeat"
    gateway.save()
    event(gateway, jo)
    claimed_by_a_lost_worker(gateway)

    assert take_back_lost_relays() == 1
    assert relay(gateway) == 1
    assert standing() == [("event", "taken")]


@pytest.mark.parametrize("switched_off", [{"is_paused": True}, {"is_active": False}])
def test_what_a_lost_worker_had_claimed_is_taken_back_where_nothing_is_told_any_more(
    gateway, jo, caplog, switched_off
):
    row = event(gateway, jo)
    opt_out(jo)
    claimed_by_a_lost_worker(gateway)
    Gateway.objects.filter(pk=gateway.pk).update(**switched_off)
    configuration.forget_now()

    assert take_back_lost_relays() == 2

    assert sorted(standing()) == [("event", "unknown"), ("opt_out", "")]
    row.refresh_from_db()
    assert (row.detail, row.lease) == (WORKER_LOST, None)
    assert "2 relays were taken back from lost workers; the outcome of 1 is unknown" in caplog.text
    Relay.objects.update(created_at=timezone.now() - timedelta(days=15))
    assert forget_relays() == 1


def test_what_was_claimed_and_has_not_left_is_due_when_the_drain_ends(gateway, jo):
    event(gateway, jo)
    event(gateway, jo)
    work = RelayWork(str(gateway.pk))
    assert len(work.claim(1)) == 1
    work.close()

    assert relay(gateway) == 1
    assert Relay.objects.filter(outcome=RelayOutcome.TAKEN).count() == 1


def test_of_one_subject_a_later_relay_never_overtakes(answers, peer, gateway, jo):
    first = event(gateway, jo, subject="order", payload={"type": "first", "params": {}})
    event(gateway, jo, subject="order", payload={"type": "second", "params": {}})
    answers.instead = Answer(503)
    relay(gateway)
    draining.forget()
    assert relay(gateway) == 0
    answers.instead = None

    Relay.objects.filter(pk=first.pk).update(due_at=timezone.now())
    relay(gateway)

    types = [each["eventTypeKey"] for each in bodies(peer, "event")]
    assert types == ["first", "first", "second"]


def test_a_paused_gateway_is_told_nothing(peer, gateway, jo):
    opt_out(jo)
    gateway.is_paused = True
    gateway.save()

    assert due_listeners() == []
    assert relay(gateway) == 0
    assert peer.asked == []


def test_relays_of_an_erased_user_end_and_hold_nothing(peer, gateway, jo):
    row = event(gateway, jo)
    opt_out(jo)

    erase([jo], "a test")
    relay(gateway)

    assert peer.asked == []
    row.refresh_from_db()
    assert (row.outcome, row.detail, row.payload) == ("not_needed", "erased", None)
    assert standing(kind="opt_out") == [("opt_out", "not_needed")]


def test_the_sealed_address_of_nobody_is_told_and_then_forgotten(peer, gateway):
    index = email_index("stranger@mailbox.example")
    addresses = {index: Personal("stranger@mailbox.example")}
    suppress(gateway.label_id, "email", [index], "platform", addresses=addresses)
    assert Relay.objects.get().address.reveal() == "stranger@mailbox.example"

    relay(gateway)

    assert bodies(peer, "emails/unsubscribed/add") == [{"emails": ["stranger@mailbox.example"]}]
    assert Relay.objects.get().address is None


def test_what_cannot_be_decrypted_holds_nothing_up(peer, gateway, jo, settings):
    event(gateway, jo)
    settings.PII_KEYS = OTHER_KEY
    configuration.forget_now()

    assert due_listeners() == []


def test_a_relay_that_no_key_opens_keeps_its_values_and_is_told_when_one_does(
    peer, gateway, jo, settings, caplog
):
    ring = settings.PII_KEYS
    settings.PII_KEYS = f"{OTHER_KEY},{ring}"
    shut = event(gateway, jo)
    settings.PII_KEYS = ring
    event(gateway, jo, payload={"type": "open", "params": {}})

    relay(gateway)

    assert [each["eventTypeKey"] for each in bodies(peer, "event")] == ["open"]
    assert standing() == [("event", ""), ("event", "taken")]
    shut.refresh_from_db()
    assert (shut.attempts, shut.lease) == (1, None)
    assert "cannot be decrypted" in shut.detail
    assert f"relays of {gateway.pk}: 1 cannot be decrypted" in caplog.text
    settings.PII_KEYS = f"{ring},{OTHER_KEY}"
    again(gateway)
    assert standing() == [("event", "taken"), ("event", "taken")]


def test_whose_properties_do_not_open_is_not_told_as_one_who_has_none(peer, gateway, jo, settings):
    ring = settings.PII_KEYS
    settings.PII_KEYS = f"{OTHER_KEY},{ring}"
    user = EndUser.objects.get(pk=jo.pk)
    user.properties = {"market": "north"}
    user.save()
    contact = event(gateway, user, kind=RelayKind.CONTACT, payload=None)
    settings.PII_KEYS = ring

    relay(gateway)

    contact.refresh_from_db()
    assert (contact.outcome, contact.attempts) == ("", 1)
    assert peer.asked == []


def test_old_relays_are_forgotten_and_what_waited_too_long_has_failed(gateway, jo):
    event(gateway, jo, outcome="taken", settled_at=timezone.now() - timedelta(days=8))
    kept = event(gateway, jo, outcome="taken", settled_at=timezone.now() - timedelta(days=6))
    waiting = event(gateway, jo, created_at=timezone.now() - timedelta(days=15))

    assert forget_relays() == 2

    assert set(Relay.objects.values_list("pk", flat=True)) == {kept.pk, waiting.pk}
    waiting.refresh_from_db()
    assert waiting.outcome == "failed"


def test_what_was_not_taken_is_told_again_by_hand_unless_it_would_undo_what_followed(gateway, jo):
    now = timezone.now()
    ended = {"settled_at": now, "outcome": "rejected"}
    event(gateway, jo, **ended)
    event(gateway, jo, subject="order", **ended)
    event(gateway, jo, subject="order", settled_at=now, outcome="taken")

    assert retry(Relay.objects.all()) == 1
    assert relay(gateway) == 1
