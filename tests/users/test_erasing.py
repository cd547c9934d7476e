import threading

import pytest
from django.db import IntegrityError, connection

from messages_app.models import Message
from tests.factories import EndUserFactory, MessageFactory
from users.erasing import erase
from users.models import EndUser
from users.signals import end_users_erased


@pytest.fixture
def told():
    """What the signal said, and whether the users were still there and inside a transaction."""
    heard = []

    def hear(sender, end_user_ids, **kwargs):
        still = EndUser.objects.filter(pk__in=end_user_ids).count()
        heard.append((set(end_user_ids), still, connection.in_atomic_block))

    end_users_erased.connect(hear)
    yield heard
    end_users_erased.disconnect(hear)


@pytest.mark.django_db
def test_erased_users_are_gone_and_the_others_stay():
    gone, other = EndUserFactory.create_batch(3), EndUserFactory()
    assert len(erase(gone, "a test")) == 3
    assert EndUser.objects.get() == other


@pytest.mark.django_db
def test_the_floor_above_is_told_once_before_the_rows_are_gone(told):
    gone = EndUserFactory.create_batch(3)
    erase(EndUser.objects.all(), "a test")
    assert told == [({user.pk for user in gone}, 3, True)]


@pytest.mark.django_db
def test_who_is_gone_already_is_not_told_again(told):
    user = EndUserFactory()
    assert len(erase([user], "a test")) == 1
    assert erase([user], "a test") == []
    assert len(told) == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_where_the_floor_above_fails():
    def fail(**kwargs):
        raise RuntimeError("of this test")

    user = EndUserFactory()
    end_users_erased.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            erase([user], "a test")
    finally:
        end_users_erased.disconnect(fail)
    assert EndUser.objects.get() == user


@pytest.mark.django_db(transaction=True)
def test_a_message_accepted_meanwhile_waits_and_finds_no_user():
    user = EndUserFactory()
    late = MessageFactory.build(label=user.label, end_user=user, gateway=MessageFactory().gateway)
    outcomes = []

    def accept():
        try:
            late.save(force_insert=True)
        except IntegrityError:
            outcomes.append("no such user")
        finally:
            connection.close()

    thread = threading.Thread(target=accept)

    def start(**kwargs):
        thread.start()

    end_users_erased.connect(start)
    try:
        assert len(erase([user], "a test")) == 1
    finally:
        end_users_erased.disconnect(start)
        thread.join(30)
    assert outcomes == ["no such user"]
    assert not Message.objects.filter(pk=late.pk).exists()
