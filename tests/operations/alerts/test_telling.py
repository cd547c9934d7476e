"""A label's people are told once, together, and again when it is solved."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

import callbacks.suspension
import messages_app.pausing
from gateway_project.lib.alone import alone
from gateway_project.operations.alerts import telling
from gateway_project.operations.alerts.telling import Alerting, Telling
from gateways import opt_outs
from gateways.models import Alert, Breaker, Gateway, Label
from gateways.models.gateway import RESUMED
from messages_app.models import Message, State
from tests.factories import GatewayFactory, LabelFactory, MessageFactory
from tests.gateways.providers.mail_peer import mail_peer
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DUTY = "canary.duty@amazing.co"


@pytest.fixture
def chat():
    with http_peer() as peer:
        yield peer


@pytest.fixture
def label(chat):
    return LabelFactory(slug="amazing", name="Amazing", alerts={"webhook": f"{chat.url}/s3cret"})


@pytest.fixture
def gateway(label):
    return GatewayFactory(label=label, slug="sms-de")


@pytest.fixture
def house():
    """Looks at what the time is then."""
    return House()


class House:
    def __init__(self):
        self.now, self.clock = timezone.now(), 0.0
        self.telling = Telling(lambda: self.clock)

    def look(self, after=MINUTE):
        self.now, self.clock = self.now + after, self.clock + after.total_seconds()
        self.telling.look(self.now)
        self.telling.wait(60)


def pause(gateway, because="HTTP 401"):
    Gateway.objects.filter(pk=gateway.pk).update(is_paused=True, paused_because=because)


def resume(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(is_paused=False, **RESUMED)


def break_down(gateway):
    Breaker.objects.create(gateway=gateway, opened_at=timezone.now(), reason="timed out")


def recover(gateway):
    Breaker.objects.filter(gateway=gateway).delete()


def park(gateway, count):
    MessageFactory.create_batch(
        count, label=gateway.label, gateway=gateway, state=State.UNKNOWN, due_at=None
    )


def reasons(chat):
    return [asked.json["alerts"][0]["reason"] for asked in chat.asked]


def states(chat):
    """Of every call: what stands and what is solved in it."""
    return [
        [(each["subject"], each["state"]) for each in asked.json["alerts"]] for asked in chat.asked
    ]


def test_a_cause_is_told_once_with_its_reason_and_once_that_it_is_solved(house, chat, gateway):
    house.look()
    pause(gateway)
    for _ in range(3):
        house.look()
    assert states(chat) == [[("sms-de", "open")]]
    (told,) = chat.asked[0].json["alerts"]
    assert (told["kind"], told["reason"]) == ("gateway_paused", "HTTP 401")
    assert "gateway sms-de is paused" in chat.asked[0].json["text"]
    assert "HTTP 401" in chat.asked[0].json["text"]

    resume(gateway)
    for _ in range(3):
        house.look()
    assert states(chat) == [[("sms-de", "open")], [("sms-de", "solved")]]
    assert chat.asked[1].json["alerts"][0]["ended_at"]


def test_what_comes_together_is_told_together(house, chat, label):
    for name in ("one", "two", "three"):
        pause(GatewayFactory(label=label, slug=name))
    house.look()
    assert states(chat) == [[("one", "open"), ("two", "open"), ("three", "open")]]
    assert "(and 2 more)" in chat.asked[0].json["text"]


def test_what_comes_and_goes_is_told_at_most_once_an_hour(house, chat, gateway):
    for _ in range(10):
        break_down(gateway)
        house.look()
        recover(gateway)
        house.look()
    assert states(chat) == [[("sms-de", "open")], [("sms-de", "solved")]]
    break_down(gateway)
    house.look(50 * MINUTE)
    assert states(chat)[2:] == [[("sms-de", "open")]]


def strike(gateway, because):
    pause(gateway, because)
    Gateway.objects.filter(pk=gateway.pk).update(is_held_by_guard=True)


def suspend_callbacks(gateway):
    callbacks.suspension.suspend(gateway.label_id, "HTTP 401")


def correct_the_key(gateway):
    rows = Label.objects.filter(pk=gateway.label_id)
    rows.update(callbacks_suspended_at=None, callbacks_suspended_because="")


def suspend_opt_outs(gateway):
    opt_outs.suspend(gateway.label_id, "platform", "HTTP 401")


def correct_the_listener(gateway):
    Label.objects.filter(pk=gateway.label_id).update(opt_outs_suspended={})


@pytest.mark.parametrize(
    ("happen", "mend"),
    [
        (pause, resume),
        (suspend_callbacks, correct_the_key),
        (suspend_opt_outs, correct_the_listener),
    ],
)
def test_what_a_person_has_mended_in_vain_is_told_again_at_once(house, chat, gateway, happen, mend):
    for _ in range(2):
        happen(gateway)
        house.look()
        house.look()
        mend(gateway)
        house.look()
    told = [[each["state"] for each in asked.json["alerts"]] for asked in chat.asked]
    assert told == [["open"], ["solved"], ["open"], ["solved"]]


def test_so_is_what_comes_back_in_the_same_words_before_anybody_looks(house, chat, gateway):
    messages_app.pausing.pause({gateway.pk: "HTTP 401"})
    house.look()
    house.look()
    assert states(chat) == [[("sms-de", "open")]]
    resume(gateway)
    messages_app.pausing.pause({gateway.pk: "HTTP 401"})
    house.look()
    house.look()
    assert states(chat) == [[("sms-de", "open")]] * 2
    assert chat.asked[1].json["alerts"][0]["began_at"] > chat.asked[0].json["alerts"][0]["began_at"]


def test_a_second_strike_of_the_guard_is_told_at_once(house, chat, gateway):
    strike(gateway, "blast guard: 9,000 messages this hour")
    house.look()
    house.look()
    resume(gateway)
    house.look()
    strike(gateway, "blast guard: 80% failed this hour")
    house.look()
    house.look()
    told = [("sms-de", "open")], [("sms-de", "solved")], [("sms-de", "open")]
    assert states(chat) == list(told)
    assert reasons(chat)[-1] == "blast guard: 80% failed this hour"


def test_so_is_one_that_came_before_anybody_saw_the_release(house, chat, gateway):
    strike(gateway, "blast guard: 9,000 messages this hour")
    house.look()
    resume(gateway)
    strike(gateway, "blast guard: 80% failed this hour")
    house.look()
    house.look()
    assert states(chat) == [[("sms-de", "open")]] * 2
    assert reasons(chat)[-1] == "blast guard: 80% failed this hour"
    assert chat.asked[1].json["alerts"][0]["began_at"] > chat.asked[0].json["alerts"][0]["began_at"]


def test_what_grows_considerably_after_it_was_told_is_told_again(house, chat, gateway):
    park(gateway, 3)
    house.look()
    park(gateway, 2)
    house.look(timedelta(days=20))
    assert reasons(chat) == ["3 by now"]
    park(gateway, 15)
    house.look()
    assert reasons(chat)[1:] == ["20 by now, 3 when it was last told"]
    house.look(timedelta(days=1))
    assert len(chat.asked) == 2


def test_growth_is_told_at_most_once_an_hour(house, chat, gateway):
    park(gateway, 3)
    for _ in range(5):
        house.look()
        park(gateway, 10)
    assert reasons(chat) == ["3 by now"]
    house.look(timedelta(hours=1))
    assert reasons(chat)[1:] == ["53 by now, 3 when it was last told"]


def test_what_a_person_has_settled_is_not_held_against_what_comes_later(house, chat, gateway):
    park(gateway, 30)
    house.look()
    settled = Message.objects.order_by("pk")[:29]
    Message.objects.filter(pk__in=[each.pk for each in settled]).update(state=State.SENT)
    house.look(timedelta(days=1))
    park(gateway, 11)
    house.look()
    assert reasons(chat) == ["30 by now", "12 by now, 1 when it was last told"]


def test_what_only_looks_late_for_a_moment_is_not_told(house, chat, gateway):
    message = MessageFactory(
        label=gateway.label, gateway=gateway, due_at=house.now - timedelta(hours=3)
    )
    house.look()
    house.look()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, due_at=None)
    house.look()
    assert chat.asked == []


def test_what_stays_late_is_told_with_how_late_it_is_by_then(house, chat, gateway):
    MessageFactory(label=gateway.label, gateway=gateway, due_at=house.now - 20 * MINUTE)
    for _ in range(4):
        house.look()
    (reason,) = reasons(chat)
    assert "23" in reason


def test_another_cause_is_not_kept_back_by_it(house, chat, label, gateway):
    pause(gateway)
    house.look()
    Breaker.objects.create(
        gateway=GatewayFactory(label=label, slug="other"), opened_at=timezone.now()
    )
    house.look()
    assert states(chat) == [[("sms-de", "open")], [("other", "open")]]


def test_labels_are_told_their_own(house, chat, gateway):
    pause(GatewayFactory(slug="foreign"))
    pause(gateway)
    house.look()
    assert states(chat) == [[("sms-de", "open")]]
    assert chat.asked[0].json["label"] == "amazing"


def test_who_does_not_answer_keeps_no_other_label_waiting(house, chat, gateway):
    asked_together = threading.Barrier(3)

    def answer(asked):
        asked_together.wait(5)  # breaks unless all are asked before the first is answered
        return Answer()

    chat.respond = answer
    pause(gateway)
    for name in ("other", "third"):
        label = LabelFactory(slug=name, alerts={"webhook": f"{chat.url}/{name}"})
        pause(GatewayFactory(label=label))
    house.look()
    assert not asked_together.broken
    assert set(Alert.objects.values_list("is_told", flat=True)) == {True}


def test_what_comes_back_while_the_first_is_being_told_is_told_too(house, chat, gateway):
    may_answer = threading.Event()
    chat.respond = lambda asked: Answer() if may_answer.wait(10) else Answer(status=500)
    pause(gateway, "HTTP 401")
    house.telling.look(house.now)
    resume(gateway)
    pause(gateway, "HTTP 403")
    house.telling.look(house.now + MINUTE)
    may_answer.set()
    house.look()
    house.look()
    assert reasons(chat) == ["HTTP 401", "HTTP 403"]


def test_what_breaks_for_one_label_is_told_and_the_others_are_told_once(
    house, chat, gateway, monkeypatch
):
    broken = GatewayFactory(slug="broken", label=LabelFactory(alerts={"webhook": chat.url}))
    pause(broken)
    pause(gateway)
    tell = telling.tell
    monkeypatch.setattr(
        telling, "tell", lambda each: 1 / 0 if each.label == broken.label else tell(each)
    )
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            house.look()
    assert states(chat) == [[("sms-de", "open")]]


def test_who_cannot_be_reached_is_told_later_and_ever_more_rarely(house, chat, gateway, caplog):
    chat.respond = lambda asked: Answer(status=500)
    pause(gateway)
    for _ in range(60):
        house.look(10 * MINUTE / 60)
    assert 4 <= len(chat.asked) <= 6
    assert "s3cret" not in caplog.text
    chat.respond = lambda asked: Answer()
    house.look(10 * MINUTE)
    house.look(10 * MINUTE)
    assert states(chat)[-1] == [("sms-de", "open")]
    assert Alert.objects.get().is_told


def test_what_was_solved_before_anybody_could_be_told_is_no_news(house, chat, gateway):
    chat.respond = lambda asked: Answer(status=500)
    pause(gateway)
    house.look()
    chat.respond = lambda asked: Answer()
    resume(gateway)
    house.look(20 * MINUTE)
    assert len(chat.asked) == 1


def test_a_label_that_names_nobody_is_told_once_it_does(house, chat, gateway):
    Label.objects.filter(pk=gateway.label_id).update(alerts=None)
    pause(gateway)
    house.look()
    assert chat.asked == []
    label = Label.objects.get(pk=gateway.label_id)
    label.alerts = {"webhook": chat.url}
    label.save()
    house.look()
    assert states(chat) == [[("sms-de", "open")]]


def test_mails_go_out_by_the_houses_server(house, chat, gateway, settings, caplog):
    label = Label.objects.get(pk=gateway.label_id)
    label.alerts = {"emails": [DUTY, "canary.other@amazing.co"]}
    label.save()
    settings.ALERTS_FROM = "Gatehouse <gatehouse@example.com>"
    pause(gateway, because="refused for +4915112345678")
    with mail_peer() as server:
        settings.ALERTS_EMAIL_URL = f"smtp+plain://127.0.0.1:{server.port}"
        house.look()
        mails = server.mails
    assert [mail["To"] for mail in mails] == [DUTY, "canary.other@amazing.co"]
    assert mails[0]["From"] == "Gatehouse <gatehouse@example.com>"
    assert mails[0]["Subject"].startswith("[Gatehouse] Amazing: gateway sms-de is paused")
    assert "+4915112345678" not in mails[0].get_content()
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("gateway")]
    assert "canary" not in " ".join(ours)


def test_one_way_that_works_is_enough_and_the_other_is_counted(house, chat, gateway, settings):
    label = Label.objects.get(pk=gateway.label_id)
    label.alerts = {"emails": [DUTY], "webhook": chat.url}
    label.save()
    settings.ALERTS_EMAIL_URL, settings.ALERTS_FROM = "smtp+plain://127.0.0.1:9", "g@example.com"
    failed, told = counted("e-mail", "failed"), counted("webhook", "told")
    pause(gateway)
    for _ in range(3):
        house.look()
    assert states(chat) == [[("sms-de", "open")]]
    assert counted("e-mail", "failed") == failed + 1
    assert counted("webhook", "told") == told + 1


def counted(way, outcome):
    labels = {"label": "amazing", "way": way, "outcome": outcome}
    return REGISTRY.get_sample_value("gatehouse_alerts_told_total", labels) or 0.0


def test_a_house_inside_is_not_called_unless_it_is_listed(house, gateway, settings, caplog):
    settings.EGRESS_ALLOW = []
    pause(gateway)
    house.look()
    assert "are not told by webhook" in caplog.text
    assert not Alert.objects.get().is_told


@pytest.mark.django_db(transaction=True)
class TestTheDuty:
    def test_it_keeps_the_clock_waiting_for_nobody(self, chat, gateway):
        pause(gateway)
        chat.respond = lambda asked: Answer(delay=0.5)
        alerting = Alerting()
        alerting()
        alerting()
        assert chat.asked == []
        chat.wait_for(1)
        alerting._thread.join()
        assert Alert.objects.get().is_told

    def test_who_takes_long_keeps_what_comes_later_for_others_waiting_no_longer(
        self, chat, gateway, monkeypatch
    ):
        monkeypatch.setattr(telling, "EVERY_SECONDS", 0.05)
        with http_peer(lambda asked: Answer(delay=60)) as hole:
            pause(GatewayFactory(label=LabelFactory(alerts={"webhook": hole.url})))
            alerting = Alerting()
            alerting()
            hole.wait_for(1)
            pause(gateway)
            chat.wait_for(1)
            assert len(hole.asked) == 1
            assert alerting._thread.is_alive()
        alerting._thread.join()
        assert set(Alert.objects.filter(label=gateway.label).values_list("is_told", flat=True)) == {
            True
        }

    def test_of_two_schedulers_one_tells(self, chat, gateway, monkeypatch):
        pause(gateway)

        @contextmanager
        def taken(name):
            raise telling.AlreadyAtWork(name)
            yield

        monkeypatch.setattr(telling, "alone", taken)
        Alerting().work()
        assert chat.asked == []
        monkeypatch.setattr(telling, "alone", alone)
        Alerting().work()
        assert len(chat.asked) == 1

    def test_a_fault_is_logged_and_ends_nothing(self, monkeypatch, caplog):
        monkeypatch.setattr(telling, "causes", lambda now: 1 / 0)
        alerting = Alerting()
        alerting.work()
        alerting.work()
        assert caplog.text.count("alerts broke: ZeroDivisionError") == 1
