"""The drain of a gateway, from a queued message to what the provider and the database hold then."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel, Status
from gateways import breakers, configuration
from gateways.models import Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.providers.base import StatusUpdate
from gateways.providers.custom_im_http import CustomImHttp
from messages_app.inbox import due_keys
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent
from messages_app.reports import apply_to_gateway
from messages_app.sending import SendWork, due_gateways
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.peers import Answer, http_peer
from users.suppressions import suppress

pytestmark = pytest.mark.django_db


def custom_im_gateway(url: str, **changes):
    config = {"url": url, "authorization": "the-secret-of-the-centre"}
    return GatewayFactory(
        channel=Channel.CUSTOM_IM, provider="custom_im_http", config=config, **changes
    )


def queued(gateway: Gateway, **changes) -> Message:
    content = {"ext_user_id": "user-1", "body": "Best offer ever", "im_uid": "uid-1"}
    values = {"label": gateway.label, "gateway": gateway, "channel": gateway.channel}
    return MessageFactory(**(values | {"content": content} | changes))


def takes_it_as(provider_id: str):
    return lambda asked: Answer(body={"error_code": 0, "ext_message_id": provider_id})


def status_of(message: Message) -> str:
    message.refresh_from_db()
    return message.status


def drain(gateway: Gateway) -> int:
    return run("send", str(gateway.pk), linger=0)


class TestTheSandbox:
    def test_a_message_is_sent_accepted_and_kept_as_it_would_have_left(self):
        gateway = GatewayFactory()
        message = queued(gateway)
        assert drain(gateway) == 1
        message.refresh_from_db()
        attempt = SendAttempt.objects.get()
        assert (message.state, message.status, message.attempts) == (State.SENT, "accepted", 1)
        assert (message.due_at, message.lease, message.lease_until) == (None, None, None)
        assert (attempt.outcome, attempt.provider_id) == ("accepted", f"sandbox-{message.pk}")
        assert message.end_user.phone.reveal() in attempt.rendered.reveal()

    def test_only_due_messages_of_the_gateway_are_taken(self):
        gateway = GatewayFactory()
        later = timezone.now() + timedelta(minutes=1)
        waiting = [
            queued(gateway, due_at=later),
            queued(GatewayFactory()),
            queued(gateway, state=State.UNKNOWN),
            queued(gateway, expires_at=timezone.now() - timedelta(seconds=1)),
        ]
        assert drain(gateway) == 0
        assert not SendAttempt.objects.exists()
        assert len(waiting) == Message.objects.count()

    def test_a_refused_message_ends_as_rejected(self):
        gateway = GatewayFactory()
        user = EndUserFactory(label=gateway.label, properties={"sandbox": "rejected"})
        message = queued(gateway, end_user=user)
        user.phone = "+4915112345678"
        user.save()
        drain(gateway)
        message.refresh_from_db()
        assert (message.state, message.status) == (State.REJECTED, "rejected")
        assert message.ended_at is not None

    def test_paused_and_inactive_gateways_hold_their_messages(self):
        for change in ({"is_paused": True}, {"is_active": False}):
            gateway = GatewayFactory(**change)
            queued(gateway)
            assert due_gateways() == []
            assert drain(gateway) == 0

    def test_a_gateway_with_due_messages_is_named(self):
        gateway = GatewayFactory()
        assert due_gateways() == []
        queued(gateway)
        assert due_gateways() == [str(gateway.pk)]

    def test_the_address_is_looked_up_when_it_is_sent(self):
        gateway = GatewayFactory()
        message = queued(gateway)
        message.end_user.phone = "+4915199999999"
        message.end_user.save()
        drain(gateway)
        assert "+4915199999999" in SendAttempt.objects.get().rendered.reveal()

    def test_what_was_suppressed_meanwhile_is_rejected(self):
        gateway = GatewayFactory()
        message = queued(gateway)
        index = message.end_user.address_index(Channel.SMS)
        suppress(gateway.label_id, Channel.SMS, [index], "complained")
        drain(gateway)
        message.refresh_from_db()
        event = StatusEvent.objects.get()
        assert (message.status, event.detail) == ("rejected", "suppressed")

    def test_a_suppression_meanwhile_is_of_all_who_share_the_address_and_of_that_channel(self):
        gateway = GatewayFactory()
        elsewhere = GatewayFactory(label=gateway.label, channel=Channel.VIBER)
        first = queued(gateway)
        phone = first.end_user.phone.reveal()
        twin = queued(gateway, end_user=EndUserFactory(label=gateway.label, phone=phone))
        viber = queued(elsewhere, end_user=first.end_user, channel=Channel.VIBER)
        suppress(gateway.label_id, Channel.SMS, [first.end_user.phone_index], "complained")
        drain(gateway)
        drain(elsewhere)
        assert [status_of(message) for message in (first, twin)] == ["rejected", "rejected"]
        assert status_of(viber) == "accepted"

    def test_a_message_of_an_erased_user_fails(self):
        gateway = GatewayFactory()
        message = queued(gateway, end_user=None)
        drain(gateway)
        message.refresh_from_db()
        assert (message.status, StatusEvent.objects.get().detail) == ("failed", "erased")

    def test_one_address_that_does_not_open_delays_nobody_else(self):
        gateway = GatewayFactory()
        broken, good = queued(gateway), queued(gateway)
        type(broken.end_user).objects.filter(pk=broken.end_user.pk).update(
            phone=good.end_user.__class__.objects.values_list("phone", flat=True).get(
                pk=good.end_user.pk
            )
        )
        drain(gateway)
        broken.refresh_from_db()
        good.refresh_from_db()
        assert (broken.state, good.state) == (State.QUEUED, State.SENT)
        assert broken.due_at > timezone.now()


class TestANotificationCentre:
    def test_it_is_given_smarticos_own_request_with_our_status_url(self):
        with http_peer(
            lambda asked: Answer(body={"error_code": 0, "ext_message_id": "nc-1"})
        ) as nc:
            gateway = custom_im_gateway(nc.url + "/im")
            message = queued(gateway, content={"ext_user_id": "u", "body": "b", "new_field": [1]})
            drain(gateway)
        (asked,) = nc.asked
        token = gateway.token.reveal()
        assert asked.headers["authorization"] == "the-secret-of-the-centre"
        assert str(message.pk) in asked.headers.values()
        assert asked.json.pop("callback_url").endswith(f"/callbacks/status/{token}")
        assert {**asked.json, "callback_url": ""} == {
            "ext_user_id": "u",
            "body": "b",
            "new_field": [1],
            "callback_url": "",
        }
        assert SendAttempt.objects.get().provider_id == "nc-1"

    def test_a_refusal_in_the_body_of_a_200_ends_the_message(self):
        refusal = {"error_code": 7, "error_message": "no such user"}
        with http_peer(lambda asked: Answer(body=refusal)) as nc:
            gateway = custom_im_gateway(nc.url)
            message = queued(gateway)
            drain(gateway)
        message.refresh_from_db()
        assert message.status == "rejected"
        assert "no such user" in SendAttempt.objects.get().detail

    def test_no_connection_is_another_try_later(self):
        gateway = custom_im_gateway("http://127.0.0.1:9")
        message = queued(gateway)
        drain(gateway)
        message.refresh_from_db()
        assert (message.state, message.status) == (State.QUEUED, "")
        assert message.due_at > timezone.now()
        assert SendAttempt.objects.get().outcome == "unavailable"

    def test_the_next_gateway_that_fits_is_tried_before_later(self):
        down = custom_im_gateway("http://127.0.0.1:9")
        with http_peer(lambda asked: Answer(body={"error_code": 0})) as nc:
            spare = custom_im_gateway(nc.url, label=down.label)
            message = queued(down)
            drain(down)
            drain(spare)
        message.refresh_from_db()
        assert (message.state, message.gateway) == (State.SENT, spare)
        outcomes = SendAttempt.objects.order_by("pk").values_list("gateway", "outcome")
        assert list(outcomes) == [(down.pk, "unavailable"), (spare.pk, "accepted")]

    @pytest.mark.parametrize(
        ("on_unknown", "state", "status"),
        [
            ("park", State.UNKNOWN, ""),
            ("repeat", State.QUEUED, ""),
            ("fail", State.FAILED, "failed"),
        ],
    )
    def test_no_answer_after_the_request_was_written_is_an_unknown_outcome(
        self, on_unknown, state, status
    ):
        with http_peer(lambda asked: Answer(hang_up=True)) as nc:
            gateway = custom_im_gateway(nc.url, on_unknown=on_unknown)
            custom_im_gateway(nc.url, label=gateway.label)
            message = queued(gateway)
            drain(gateway)
        message.refresh_from_db()
        assert (message.state, message.status, message.gateway) == (state, status, gateway)
        assert len(nc.asked) == 1

    def test_a_refused_account_pauses_the_gateway_and_holds_the_message(self):
        secret_word = "the-secret-of-the-centre is wrong"
        with http_peer(lambda asked: Answer(status=401, body=secret_word)) as nc:
            gateway = custom_im_gateway(nc.url)
            messages = [queued(gateway) for _ in range(3)]
            drain(gateway)
            gateway.refresh_from_db()
            assert gateway.is_paused
            assert 0 < len(gateway.paused_because) <= PAUSE_REASON_LENGTH
            assert "the-secret" not in gateway.paused_because
            drain(gateway)
        for message in messages:
            message.refresh_from_db()
            assert (message.state, message.status) == (State.QUEUED, "")

    def test_retry_after_is_obeyed(self):
        with http_peer(lambda asked: Answer(status=429, headers={"Retry-After": "600"})) as nc:
            gateway = custom_im_gateway(nc.url)
            message = queued(gateway)
            drain(gateway)
        message.refresh_from_db()
        assert message.due_at > timezone.now() + timedelta(seconds=590)

    def test_a_provider_that_asks_for_peace_is_left_alone_by_the_others_too(self, monkeypatch):
        monkeypatch.setattr(CustomImHttp, "concurrency", 1)
        with http_peer(lambda asked: Answer(status=503, headers={"Retry-After": "600"})) as nc:
            gateway = custom_im_gateway(nc.url)
            queued(gateway)
            queued(gateway)
            drain(gateway)
            assert due_gateways() == []
            assert len(nc.asked) == 1
            breakers.try_now([gateway.pk], timezone.now())
            drain(gateway)
            assert len(nc.asked) == 2

    def test_an_id_given_before_is_not_taken_for_another_message(self):
        with http_peer(
            lambda asked: Answer(body={"error_code": 0, "ext_message_id": "same"})
        ) as nc:
            gateway = custom_im_gateway(nc.url)
            first = queued(gateway)
            drain(gateway)
            second = queued(gateway)
            drain(gateway)
        ids = dict(SendAttempt.objects.values_list("message_id", "provider_id"))
        assert ids == {first.pk: "same", second.pk: str(second.pk)}

    def test_where_none_is_given_the_message_goes_by_our_own(self, caplog):
        with http_peer(lambda asked: Answer(body={"error_code": 0})) as nc:
            gateway = custom_im_gateway(nc.url)
            message = queued(gateway)
            drain(gateway)
        assert SendAttempt.objects.get().provider_id == str(message.pk)
        assert "gave no id of their own for 1 messages" in caplog.text
        apply_to_gateway(
            configuration.current().gateways[gateway.pk],
            [StatusUpdate(status=Status.DELIVERED, provider_id=str(message.pk))],
        )
        assert status_of(message) == "delivered"

    def test_the_providers_words_are_kept_without_the_recipient(self):
        gateway = GatewayFactory(provider="webex_connect", config={})
        message = queued(gateway)
        number = message.end_user.phone.reveal()
        with http_peer(
            lambda asked: Answer(status=400, body={"code": "7004", "message": f"bad {number}"})
        ) as webex:
            gateway.config = {"base_url": webex.url, "service_key": "the-service-key"}
            gateway.from_default = "Amazing"
            gateway.save()
            drain(gateway)
        detail = SendAttempt.objects.get().detail
        assert "bad" in detail
        assert number.lstrip("+") not in detail

    def test_a_changed_gateway_is_obeyed_at_the_next_claim(self):
        with http_peer(lambda asked: Answer(body={"error_code": 0})) as nc:
            gateway = custom_im_gateway("http://127.0.0.1:9")
            message = queued(gateway)
            gateway.config = {"url": nc.url}
            gateway.save()
            drain(gateway)
        message.refresh_from_db()
        assert message.state == State.SENT


class TestLeases:
    def test_a_second_worker_finds_nothing_to_claim(self):
        gateway = GatewayFactory()
        queued(gateway)
        first, second = SendWork(str(gateway.pk)), SendWork(str(gateway.pk))
        assert len(first.claim(10)) == 1
        assert second.claim(10) == []

    def test_a_result_that_comes_after_the_lease_was_lost_starts_no_second_send(self):
        gateway = GatewayFactory()
        message = queued(gateway)
        work = SendWork(str(gateway.pk))
        (parcel,) = work.claim(1)
        future = work.start(parcel)
        Message.objects.filter(pk=message.pk).update(
            state=State.QUEUED, lease=uuid4(), due_at=timezone.now()
        )
        work.settle([(parcel, future)])
        message.refresh_from_db()
        assert (message.state, message.status) == (State.SENT, "accepted")
        assert drain(gateway) == 0

    def test_a_heartbeat_prolongs_only_what_is_still_held(self):
        gateway = GatewayFactory()
        kept, lost = queued(gateway), queued(gateway)
        work = SendWork(str(gateway.pk))
        parcels = work.claim(2)
        soon = timezone.now()
        Message.objects.update(lease_until=soon)
        Message.objects.filter(pk=lost.pk).update(lease=uuid4())
        work.renew(parcels)
        kept.refresh_from_db()
        lost.refresh_from_db()
        assert kept.lease_until > soon
        assert lost.lease_until == soon


class TestClocks:
    @pytest.mark.postgresql
    def test_what_is_due_is_what_the_database_says_and_not_this_machines_clock(self):
        real = timezone.now()
        with (
            http_peer(lambda asked: Answer(status=503)) as nc,
            time_machine.travel(real + timedelta(hours=1), tick=True),
        ):
            gateway = custom_im_gateway(nc.url)
            later = queued(gateway, due_at=real + timedelta(minutes=30))
            due = queued(gateway, due_at=real - timedelta(seconds=1))
            assert drain(gateway) == 1
        later.refresh_from_db()
        due.refresh_from_db()
        assert (later.attempts, due.attempts) == (0, 1)
        assert due.due_at < real + timedelta(minutes=30)

    def test_a_clock_that_jumps_forth_and_back_makes_no_try_twice(self):
        with (
            http_peer(lambda asked: Answer(status=503)) as nc,
            time_machine.travel(timezone.now(), tick=True) as clock,
        ):
            gateway = custom_im_gateway(nc.url)
            message = queued(gateway)
            for jump in (0, 3600, -3600, 0, 3600, 0):
                clock.shift(jump)
                breakers.forget()
                drain(gateway)
        message.refresh_from_db()
        numbers = list(SendAttempt.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, message.attempts + 1))
        assert len(nc.asked) == message.attempts <= 3


def drain_in_a_thread(gateway: Gateway) -> None:
    try:
        drain(gateway)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_every_message_once():
    with http_peer(lambda asked: Answer(body={"error_code": 0})) as nc:
        gateway = custom_im_gateway(nc.url)
        ids = {str(queued(gateway).pk) for _ in range(60)}
        workers = [threading.Thread(target=drain_in_a_thread, args=[gateway]) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    sent = [asked.headers["x-gatehouse-message-id"] for asked in nc.asked]
    assert sorted(sent) == sorted(ids)
    assert Message.objects.filter(state=State.SENT).count() == 60


def test_what_was_reported_before_the_providers_id_was_written_is_looked_at_at_once():
    with http_peer(takes_it_as("nc-1")) as centre:
        gateway = custom_im_gateway(centre.url)
        message = queued(gateway)
        values = configuration.current().gateways[gateway.pk]
        apply_to_gateway(values, [StatusUpdate(status=Status.DELIVERED, provider_id="nc-1")])
        InboxEntry.objects.update(due_at=timezone.now() + timedelta(minutes=10))
        drain(gateway)
    run("inbox", due_keys()[0], linger=0)
    told = message.status_events.order_by("pk").values_list("status", flat=True)
    assert list(told) == ["accepted", "delivered"]
