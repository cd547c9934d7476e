"""How fast statuses are told: the label's rate over all workers, and less where the host asks."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from callbacks import easing, reporting
from callbacks.easing import MOST, Room, room_of
from callbacks.lanes import Lane
from callbacks.models import CallbackDelivery
from callbacks.reporting import ReportWork
from gateways.pacing import HEADROOM
from tests.callbacks.test_lanes import owe
from tests.factories import LabelFactory
from tests.peers import Answer

RATE = 40


@pytest.fixture
def now(monkeypatch):
    """One moment, at which all claims are made."""
    now = timezone.now()
    monkeypatch.setattr(reporting, "database_now", lambda: now)
    return now


def keep_a_rate(smartico, rate=RATE):
    smartico.label.callback_rate_per_second = rate
    smartico.label.save()


def test_a_labels_rate_is_one_over_all_its_workers_and_hosts(smartico, now):
    keep_a_rate(smartico)
    for _ in range(10):
        smartico.owe("delivered")
        owe(smartico.label, "https://elsewhere")
    works = [
        ReportWork(smartico.key),
        ReportWork(smartico.key),
        ReportWork(f"{smartico.label.pk}/https://elsewhere"),
    ]
    claimed = [item for work in works for item in work.claim(2)]
    moments = [item.started_at for item in claimed]
    step = timedelta(seconds=1 / (RATE * HEADROOM))
    assert moments == [now + number * step for number in range(4)]
    assert [work.claim(100) for work in works] == [[], [], []]
    assert all(work.is_paced for work in works)


def test_a_call_leaves_at_its_very_moment(smartico, now, monkeypatch):
    keep_a_rate(smartico)
    for _ in range(3):
        smartico.owe("delivered")
    left = []
    monkeypatch.setattr(reporting, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(reporting.departures, "at", lambda at, start: left.append(at))
    work = ReportWork(smartico.key)
    items = work.claim(3)
    for item in items[1:]:
        work.start(item)
    assert left == pytest.approx([1000 + number / (RATE * HEADROOM) for number in (1, 2)])


def test_another_labels_rate_is_its_own(smartico, now):
    keep_a_rate(smartico, rate=1)
    other = LabelFactory()
    for _ in range(5):
        smartico.owe("delivered")
        owe(other, "https://elsewhere")
    assert len(ReportWork(smartico.key).claim(100)) == 1
    assert len(ReportWork(f"{other.pk}/https://elsewhere").claim(100)) == 5


def test_a_messages_order_is_kept_at_any_rate(smartico):
    keep_a_rate(smartico, rate=1_000)
    smartico.owe("accepted", "delivered", "opened")
    while CallbackDelivery.objects.owed().exists():
        smartico.report()
    assert smartico.told == ["accepted", "delivered", "opened"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_says_too_much_is_called_half_as_often_at_a_time(smartico, status):
    smartico.answers["any"] = Answer(status=status)
    smartico.owe("delivered")
    smartico.report()
    assert ReportWork(smartico.key).concurrency == MOST // 2


def test_other_troubles_leave_the_room_as_it_is(smartico):
    smartico.answers["any"] = Answer(status=500)
    smartico.owe("delivered")
    smartico.report()
    assert ReportWork(smartico.key).concurrency == MOST


def test_a_release_comes_back_to_what_the_host_takes(smartico):
    smartico.answers["any"] = Answer(status=429)
    for _ in range(10):
        smartico.owe("delivered")
        smartico.report()
    work = ReportWork(smartico.key)
    assert work.concurrency == 1
    smartico.answers.clear()
    CallbackDelivery.objects.update(due_at=timezone.now())
    smartico.report()
    assert 1 < work.concurrency < 10
    for _ in range(30):
        smartico.owe("accepted")
    smartico.report()
    assert work.concurrency > 5


def test_there_is_never_more_room_than_at_the_beginning():
    room = Room()
    room.learn([])
    assert room.places == MOST


def test_a_process_remembers_no_more_than_so_many_hosts():
    known = room_of(Lane(label_id=1, host="https://known"))
    for number in range(easing.MOST_ROOMS):
        room_of(Lane(label_id=1, host=f"https://{number}"))
    assert room_of.cache_info().currsize == easing.MOST_ROOMS
    assert room_of(Lane(label_id=1, host="https://known")) is not known


@pytest.fixture(autouse=True)
def nothing_learnt_yet():
    room_of.cache_clear()
    yield
    room_of.cache_clear()
