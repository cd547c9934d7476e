"""Users of a directory that is asked: at accept, and again before a message leaves too late."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.config_file.fields import DirectoryField
from gateways.models import Gateway
from messages_app.housekeeping import move_from_unusable_gateways
from messages_app.models import Message, SendAttempt, State
from tests.factories import GatewayFactory
from tests.messages_app.house import House, build_house
from tests.peers import Answer, http_peer
from users.directories.copies import forget_copies
from users.directories.refreshing import WAIT, due_labels
from users.erasing import erase
from users.models import EndUser, MissingUser
from users.suppressions import suppress

pytestmark = pytest.mark.django_db

RECORD = {"email": "canary@mailbox.example", "phone": "+4915112345678", "brand": None}
RECORD["properties"] = {"country": "DE"}


@pytest.fixture
def peer():
    with http_peer(lambda asked: Answer(body=RECORD)) as peer:
        yield peer


@pytest.fixture
def house(peer) -> House:
    house = build_house()
    house.label.directory = DirectoryField().run_validation(
        {"kind": "http", "url": peer.url + "/{ext_user_id}"}
    )
    house.label.save()
    house.user.delete()
    return house


def make_stale() -> None:
    EndUser.objects.update(looked_up_at=timezone.now() - timedelta(hours=1))


def send(house: House) -> None:
    for gateway in house.gateways.values():
        run("send", str(gateway.pk), linger=0)


def refresh() -> None:
    for key in due_labels():
        run("directory", key, linger=0)


def test_a_user_nobody_has_told_us_of_is_asked_for_and_written_to(house, peer):
    message = house.accepted(ext_user_id="4711")
    assert message.end_user.ext_user_id == "4711"
    send(house)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 1)
    assert len(peer.asked) == 1


def test_nobody_there_is_user_not_found_and_noted(house, peer):
    peer.respond = lambda asked: Answer(status=404)
    assert house.refusal(ext_user_id="4711") == 1
    assert not EndUser.objects.exists()


@pytest.mark.parametrize("answer", [Answer(status=500), Answer(delay=3), Answer(hang_up=True)])
def test_a_directory_that_is_down_is_temporarily_unavailable(house, peer, answer):
    peer.respond = lambda asked: answer
    assert house.refusal(ext_user_id="4711") == 50
    assert not MissingUser.objects.exists()
    peer.respond = lambda asked: Answer(body=RECORD)
    assert house.accepted(ext_user_id="4711").end_user is not None


def test_a_stale_copy_is_asked_for_before_the_message_leaves(house, peer):
    message = house.accepted(ext_user_id="4711")
    make_stale()
    peer.respond = lambda asked: Answer(body={**RECORD, "phone": "+4915199999999"})
    send(house)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 0)
    assert not SendAttempt.objects.exists()
    refresh()
    send(house)
    message.refresh_from_db()
    assert message.state == State.SENT
    assert "+4915199999999" in SendAttempt.objects.get().rendered.reveal()


def test_a_further_try_that_was_set_aside_leaves_as_soon_as_its_user_was_asked_for(house, peer):
    """Were it to wait for longer than a copy is fresh, it would never leave."""
    message = house.accepted(ext_user_id="4711")
    Message.objects.update(attempts=1)
    make_stale()
    send(house)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 1)
    refresh()
    send(house)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 2)


def test_what_waits_for_its_next_try_keeps_its_time_when_its_user_is_asked_for(house, peer):
    later = timezone.now() + timedelta(minutes=10)
    waits = house.accepted(ext_user_id="4711", im_uid="one")
    was_set_aside = house.accepted(ext_user_id="4711", im_uid="two")
    Message.objects.filter(pk=waits.pk).update(attempts=1, due_at=later)
    make_stale()
    send(house)
    refresh()
    send(house)
    waits.refresh_from_db()
    was_set_aside.refresh_from_db()
    assert (waits.state, waits.due_at, was_set_aside.state) == (State.QUEUED, later, State.SENT)


def test_a_try_that_failed_after_it_was_set_aside_waits_for_the_next(house, peer):
    message = house.accepted(ext_user_id="4711")
    make_stale()
    send(house)
    Message.objects.update(due_at=timezone.now())
    EndUser.objects.update(looked_up_at=timezone.now())
    later = timezone.now() + timedelta(minutes=10)
    run("send", str(house.gateways["sms"].pk), linger=0)
    Message.objects.update(state=State.QUEUED, due_at=later)
    refresh()
    message.refresh_from_db()
    assert message.due_at == later


def test_what_else_was_claimed_leaves_though_nobody_can_be_asked_about_a_stale_copy(
    house, monkeypatch
):
    stays = house.accepted(ext_user_id="4711", im_uid="one")
    make_stale()
    leaves = house.accepted(ext_user_id="4712", im_uid="two")
    lost = Mock(side_effect=OperationalError)
    monkeypatch.setattr("messages_app.sending.want_fresh", lost)
    send(house)
    assert lost.called
    stays.refresh_from_db()
    leaves.refresh_from_db()
    assert (stays.state, stays.attempts, leaves.state) == (State.QUEUED, 0, State.SENT)


def test_while_the_directory_is_down_the_message_waits_and_is_not_lost(house, peer):
    message = house.accepted(ext_user_id="4711")
    make_stale()
    peer.respond = lambda asked: Answer(status=503)
    send(house)
    refresh()
    send(house)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 0)
    user = EndUser.objects.get()
    assert user.refresh_due_at > timezone.now()
    assert user.refresh_due_at <= timezone.now() + WAIT
    peer.respond = lambda asked: Answer(body=RECORD)
    EndUser.objects.update(refresh_due_at=timezone.now())
    refresh()
    send(house)
    message.refresh_from_db()
    assert message.state == State.SENT


def test_who_has_left_the_directory_is_not_written_to(house, peer):
    message = house.accepted(ext_user_id="4711")
    make_stale()
    peer.respond = lambda asked: Answer(status=404)
    send(house)
    refresh()
    send(house)
    message.refresh_from_db()
    assert (message.state, message.status) == (State.REJECTED, "rejected")


def test_a_suppression_outlives_the_copy(house, peer):
    user = house.accepted(ext_user_id="4711").end_user
    suppress(house.label.pk, Channel.SMS, [user.phone_index], "unsubscribed")
    make_stale()
    assert house.refusal(ext_user_id="4711", im_uid="uid-2") == 3


def test_an_erased_user_who_is_still_in_the_directory_is_simply_found_again(house, peer):
    first = house.accepted(ext_user_id="4711").end_user
    erase([first], "a test")
    again = house.accepted(ext_user_id="4711", im_uid="uid-2").end_user
    assert again.pk != first.pk
    assert Message.objects.filter(end_user=again).count() == 1


def german(gateway: Gateway, **changes) -> Gateway:
    for name, value in {"filters": {"country": ["DE"]}, **changes}.items():
        setattr(gateway, name, value)
    gateway.save()
    return gateway


@pytest.fixture
def waiting(house) -> Message:
    """It waits at a gateway for Germany that is not used any more, and its copy has run out."""
    gone = german(house.gateways["sms"])
    message = house.accepted(ext_user_id="4711")
    assert message.gateway == gone
    german(gone, is_active=False)
    make_stale()
    assert forget_copies() == 1
    return message


def test_a_message_moves_by_what_the_directory_says_and_not_by_what_is_gone(house, peer, waiting):
    right = german(GatewayFactory(label=house.label))
    GatewayFactory(label=house.label)
    assert move_from_unusable_gateways() == 0
    refresh()
    assert move_from_unusable_gateways() == 1
    waiting.refresh_from_db()
    assert waiting.gateway == right
    send(house)
    run("send", str(right.pk), linger=0)
    waiting.refresh_from_db()
    assert waiting.state == State.SENT


def test_a_custom_im_needs_no_fresh_address(house, peer):
    message = house.accepted(Channel.CUSTOM_IM, ext_user_id="4711")
    make_stale()
    send(house)
    message.refresh_from_db()
    assert message.state == State.SENT
    assert len(peer.asked) == 1


def test_a_label_that_stores_its_users_asks_nobody(peer):
    house = build_house()
    message = house.accepted()
    send(house)
    message.refresh_from_db()
    assert message.state == State.SENT
    assert peer.asked == []
    assert due_labels() == []
    assert configuration.current().labels[house.label.pk].directory is None
