"""Entries get their places in the chain."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from gateway_project.lib.identifiers import first_id
from gateways.audit_chain import sealing
from gateways.audit_chain.sealing import Sealing
from gateways.models import AuditEntry, AuditSeal
from tests.gateways.audit_chain.tampering import seal, verified, write

pytestmark = pytest.mark.django_db


def places():
    return list(AuditSeal.objects.order_by("number").values_list("number", "entry_id"))


def test_places_are_given_in_the_order_of_the_entries_and_without_gaps():
    first = write(3)
    assert Sealing()() == 3
    later = write(2)
    assert Sealing()() == 2
    assert places() == [(n, entry.pk) for n, entry in enumerate([*first, *later], start=1)]


def test_an_entry_is_sealed_once():
    write(1)
    duty = Sealing()
    assert [duty(), duty(), duty()] == [1, 0, 0]


def test_more_than_a_batch_takes_several_rounds(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 2)
    write(5)
    duty = Sealing()
    assert [duty() for _ in range(4)] == [2, 2, 1, 0]
    assert verified().is_whole


def older(entry, by):
    """The same entry as if it had been begun that much earlier."""
    made = AuditEntry(id=first_id(entry.at - by), at=entry.at - by, actor_name="slow")
    AuditEntry.objects.bulk_create([made])
    return made


def test_who_took_an_hour_to_commit_is_sealed_behind_the_younger_ones():
    duty = Sealing()
    (young,) = write(1)
    assert [duty(), duty()] == [1, 0]
    straggler = older(young, timedelta(minutes=50))
    assert duty() == 1
    assert places() == [(1, young.pk), (2, straggler.pk)]
    assert verified().is_whole


def test_who_took_longer_is_sealed_when_a_scheduler_starts():
    duty = Sealing()
    (young,) = write(1)
    assert [duty(), duty()] == [1, 0]
    older(young, timedelta(days=2))
    assert duty() == 0
    assert Sealing()() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_sealers_and_many_writers_leave_one_whole_chain():
    stop = threading.Event()

    def writer():
        for _ in range(20):
            with transaction.atomic():
                write(2)
        connection.close()

    def sealer():
        duty = Sealing()
        while not stop.is_set():
            duty()
        connection.close()

    writers = [threading.Thread(target=writer) for _ in range(4)]
    sealers = [threading.Thread(target=sealer) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    seal()
    walk = verified()
    assert (walk.count, walk.waiting, walk.first) == (160, 0, None)
