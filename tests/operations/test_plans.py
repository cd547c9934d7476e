"""However many messages there are: everything that is asked at every message, at every tick or on a
page that people open daily goes by an index. `HOT` is the list."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from callbacks import lanes
from callbacks.claiming import claim_due
from callbacks.lanes import Lane, due_lanes, lanes_with_debts
from callbacks.models import CallbackDelivery, DeliveryAttempt
from callbacks.reconciling.adding_up import add_up
from callbacks.reconciling.reading import read as reconcile
from callbacks.reporting import ReportWork
from gateway_project.lib.admin import ModelAdmin
from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import run
from gateway_project.lib.futures import done, failed
from gateway_project.lib.http import HttpAnswer, NotSent
from gateway_project.lib.vocabulary import Status
from gateway_project.operations.alerts.causes import causes
from gateway_project.operations.gauges import GAUGES, Look
from gateway_project.operations.lateness import standstills
from gateways import configuration
from gateways.callers import Caller
from gateways.providers.base import StatusUpdate
from messages_app import inbox, lookups
from messages_app.counting.families import FAMILIES
from messages_app.counting.window import next_window
from messages_app.finding import messages_known_as
from messages_app.guarding.watching import Guarding
from messages_app.housekeeping import (
    close_expired,
    move_from_unusable_gateways,
    take_back_lost_leases,
)
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent, Wait
from messages_app.pruning.rounds import prune_round
from messages_app.receipts import miss_receipts
from messages_app.reports import apply_to_gateway
from messages_app.sending import SendWork, due_gateways
from tests.factories import EndUserFactory, MessageFactory
from tests.messages_app.counting.conftest import id_made_at
from tests.messages_app.house import House, build_house
from tests.plans import reads_of
from users.models import EndUser

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

DAY = timedelta(days=1)
HOST = "https://api.smartico.ai"
MANY, MOST_ON_A_PAGE = 400, 2
LARGE = {
    *("messages_app_message", "messages_app_statusevent", "messages_app_sendattempt"),
    *("messages_app_inboxentry", "callbacks_callbackdelivery", "callbacks_deliveryattempt"),
    "users_enduser",
}
OF_WHAT_WAITS = {
    *("message_due", "message_leased", "message_expiring", "message_test", "message_unknown"),
    *("callback_due", "callback_longest_due", "callback_unheard", "attempt_to_ask_about"),
    *("inbox_due", "inbox_not_understood", "inbox_by_provider_id"),
}
"""Indexes that hold nothing but what waits: to walk through all of it is to look at the queue."""


class Scene:
    """A house with messages in every standing, some of them months old."""

    def __init__(self) -> None:
        self.forget_others()
        self.house: House = build_house()
        self.label, self.gateway = self.house.label, self.house.gateways["sms"]
        self.now = database_now()
        self.past()
        self.queued = self.message(due_at=self.now - DAY)
        self.message(expires_at=self.now - DAY)
        lost = {"state": State.SENDING, "attempts": 1, "lease": uuid4()}
        self.message(**lost, lease_until=self.now - DAY, due_at=None)
        for days in (400, 100, 40, 2):
            self.taken(self.now - timedelta(days=days))
        self.sent = self.taken(self.now)
        for number in range(MOST_ON_A_PAGE + 1):
            self.entry(f"{number}", self.now, due_at=self.now).save()
        self.analyze()
        self.values = configuration.current().gateways[self.gateway.pk]
        self.lane = Lane(label_id=self.label.pk, host=HOST)
        self.caller = Caller(label=configuration.current().labels[self.label.pk], brand_id=None)

    def forget_others(self) -> None:
        """Of other tests' rows nothing is left but the room they took, in tables and indexes, and
        the server chooses its ways by that too: for this transaction all of them begin anew."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(sorted(LARGE))} CASCADE")

    def past(self) -> None:
        """As many that are long settled as tell a way by what is wanted from one past all."""
        at = self.now - 5 * DAY
        EndUser.objects.bulk_create(
            EndUserFactory.build(label=self.label, brand=self.house.brand) for _ in range(MANY)
        )
        messages = Message.objects.bulk_create(
            self.built(at, state=State.SENT, due_at=None) for _ in range(MANY)
        )
        told = {"label": self.label, "host": HOST, "status": "accepted", "due_at": at}
        deliveries = CallbackDelivery.objects.bulk_create(
            CallbackDelivery(**told, message=message, created_at=at, settlement="acknowledged")
            for message in messages
        )
        later = told | {"status": "delivered", "due_at": self.now + 30 * DAY}
        CallbackDelivery.objects.bulk_create(
            CallbackDelivery(**later | {"host": f"{HOST}:{port}"}, message=message, created_at=at)
            for port, message in enumerate(messages)
        )
        DeliveryAttempt.objects.bulk_create(
            DeliveryAttempt(delivery=each, started_at=at, finished_at=at, outcome="acknowledged")
            for each in deliveries
        )
        InboxEntry.objects.bulk_create(
            self.entry(f"past {number}", at, applied_at=at) for number in range(MANY)
        )

    def analyze(self) -> None:
        with connection.cursor() as cursor:
            for table in LARGE:
                cursor.execute(f"ANALYZE {table}")

    def built(self, at: Any, **values: Any) -> Message:
        known = {"label": self.label, "gateway": self.gateway, "end_user": self.house.user}
        return MessageFactory.build(**known, id=id_made_at(at), created_at=at, **values)

    def message(self, at: Any = None, **values: Any) -> Message:
        message = self.built(at or self.now, **values)
        message.save(force_insert=True)
        return message

    def taken(self, at: Any) -> Message:
        """Sent, and Smartico is to be told."""
        message = self.message(at, state=State.SENT, status=Status.ACCEPTED, attempts=1)
        SendAttempt.objects.create(
            message=message,
            gateway=self.gateway,
            number=1,
            outcome="accepted",
            provider_id=f"p-{message.pk}",
            started_at=at,
            finished_at=at,
        )
        StatusEvent.objects.create(
            message=message, status="accepted", occurred_at=at, recorded_at=at, is_reported=True
        )
        delivery = CallbackDelivery.objects.create(
            message=message,
            label=self.label,
            host=HOST,
            status="accepted",
            due_at=at,
            created_at=at,
        )
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=at, finished_at=at, outcome="failed"
        )
        return message

    def entry(self, meaning: str, at: Any, **values: Any) -> InboxEntry:
        return InboxEntry(
            gateway=self.gateway,
            waits_for=Wait.ITS_MESSAGE,
            status=Status.DELIVERED,
            provider_id="p-unknown",
            provider_id_digest="x",
            meaning=meaning,
            occurred_at=at,
            received_at=at,
            **values,
        )

    def claim(self) -> None:
        work = SendWork(str(self.gateway.pk))
        assert work.claim(20)
        work.close()

    def send(self) -> None:
        assert run("send", str(self.gateway.pk), linger=0)

    def renew_sends(self) -> None:
        work = SendWork(str(self.gateway.pk))
        work.renew(work.claim(20))
        work.close()

    def report(self, **named: str) -> None:
        update = StatusUpdate(status=Status.DELIVERED, **named)
        assert apply_to_gateway(self.values, [update]) == 1

    def told(self, future: Any) -> None:
        work = ReportWork(self.lane.key)
        tries = work.claim(20)
        assert tries
        work.settle([(item, future) for item in tries])

    def renew_callbacks(self) -> None:
        work = ReportWork(self.lane.key)
        work.renew(work.claim(20))

    def hidden_lanes(self) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(lanes, "LONGEST_DUE", 1)
            assert due_lanes() == [self.lane.key]

    def count(self) -> None:
        for family in FAMILIES.values():
            list(family.count(next_window(self.now, self.now)))

    def gauges(self) -> None:
        look = Look()
        for gauge in GAUGES:
            list(gauge.read(look))

    def page(self, of: str) -> Callable[[], None]:
        def open_it() -> None:
            assert self.browser.get(f"/admin/{of}").status_code == 200

        return open_it

    browser: Client


HEARD = HttpAnswer(status=200, body=b'{"error_code": 0}')

HOT: dict[str, Callable[[Scene], Any]] = {
    # at every message
    "a message is accepted": lambda s: s.house.accepted(im_uid="a-new-uid"),
    "a repeat is answered": lambda s: s.house.post(body=s.house.body(im_uid=s.queued.uid)),
    "due messages are claimed": Scene.claim,
    "a message is sent and settled": Scene.send,
    "leases of sends are renewed": Scene.renew_sends,
    "a report names our id": lambda s: s.report(message_id=str(s.sent.pk)),
    "a report names the provider's id": lambda s: s.report(provider_id=f"p-{s.sent.pk}"),
    "callbacks are claimed": lambda s: claim_due(s.lane, 20),
    "a callback was heard": lambda s: s.told(done(HEARD)),
    "a callback was not heard": lambda s: s.told(failed(NotSent("away"))),
    "leases of callbacks are renewed": Scene.renew_callbacks,
    # at every look of a worker
    "gateways with something due": lambda s: due_gateways(),
    "lanes with something due": lambda s: due_lanes(),
    "lanes behind many that are due": Scene.hidden_lanes,
    "the inbox is looked at": lambda s: run("inbox", inbox.due_keys()[0], linger=0),
    # at every tick of the clock
    "lost leases are taken back": lambda s: take_back_lost_leases(),
    "expired messages are closed": lambda s: close_expired(),
    "what waits elsewhere is moved": lambda s: move_from_unusable_gateways(),
    "the last minutes are counted": Scene.count,
    "the guard looks": lambda s: Guarding()(),
    "bookings are added up": lambda s: add_up(),
    "causes of alerts": lambda s: causes(s.now + DAY),
    "receipts are missed": lambda s: miss_receipts(),
    "old messages are pruned": lambda s: prune_round(),
    # whenever somebody looks
    "what stands still": lambda s: list(standstills(s.now + DAY)),
    "gauges of the metrics": Scene.gauges,
    "a message is found by any id": lambda s: messages_known_as(s.queued.uid, [s.label.pk]),
    "the platform asks by uids": lambda s: lookups.named(s.caller, [s.queued.uid, str(s.sent.pk)]),
    "lanes to try first": lambda s: lanes_with_debts(s.label.pk),
    "a day is reconciled": lambda s: reconcile([s.label.pk], s.now.date(), s.now.date()),
    "messages of a user": lambda s: list(s.house.user.message_set.order_by("-pk")[:20]),
    "the message log": lambda s: s.page("messages_app/message/")(),
    "the message log of the last day": lambda s: s.page("messages_app/message/?within=24h")(),
    "a message's story": lambda s: s.page(f"messages_app/message/{s.sent.pk}/change/")(),
    "the log of callbacks": lambda s: s.page("callbacks/callbackdelivery/")(),
    "the inbox's page": lambda s: s.page("messages_app/inboxentry/")(),
}


@pytest.fixture
def scene(admin_client, monkeypatch):
    monkeypatch.setattr(ModelAdmin, "list_per_page", MOST_ON_A_PAGE)
    monkeypatch.setattr(ModelAdmin, "list_max_show_all", MOST_ON_A_PAGE)
    scene = Scene()
    scene.browser = admin_client
    return scene


@pytest.mark.parametrize("name", HOT)
def test_it_goes_by_an_index(scene, monkeypatch, name):
    found = reads_of(lambda: HOT[name](scene), monkeypatch)
    assert found
    for read in found:
        if read.table in LARGE:
            assert read.index, read.statement
            is_short = read.is_end or read.index in OF_WHAT_WAITS
            assert is_short or not read.is_walk, (read.index, read.statement)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("lanes with something due", {"callback_longest_due"}),
        ("lanes behind many that are due", {"callback_longest_due", "callback_due"}),
        ("callbacks are claimed", {"callback_due", "status_owed_once"}),
    ],
)
def test_hosts_where_nothing_is_due_are_not_looked_at(scene, monkeypatch, name, index):
    found = reads_of(lambda: HOT[name](scene), monkeypatch)
    used = {read.index for read in found if read.table == CallbackDelivery._meta.db_table}
    assert used - {"callbacks_callbackdelivery_pkey"} == index


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("due messages are claimed", {"message_due"}),
        ("gateways with something due", {"message_due", "message_test"}),
    ],
)
def test_a_campaign_is_read_from_its_front_though_the_server_knows_of_nothing_that_waits(
    scene, monkeypatch, name, index
):
    Message.objects.exclude(state=State.SENT).delete()
    scene.analyze()
    Message.objects.bulk_create(scene.built(scene.now, due_at=scene.now) for _ in range(3_000))
    found = reads_of(lambda: HOT[name](scene), monkeypatch)
    queue = [read for read in found if read.table == Message._meta.db_table]
    assert all(read.is_in_order for read in queue)
    assert {read.index for read in queue} - {"messages_app_message_pkey"} == index
