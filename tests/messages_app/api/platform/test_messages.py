"""The platform asks what became of its messages."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Channel, Status
from messages_app.events import Fact, fail, record
from messages_app.models import Message, SendAttempt, State, StatusEvent
from tests.factories import (
    BrandFactory,
    EndUserFactory,
    GatewayFactory,
    LabelFactory,
    MessageFactory,
)
from tests.platform_caller import BRAND_SECRET, call, error, get, platform_key
from users.erasing import erase

MESSAGES = "/platform/v1/messages"


@pytest.fixture(autouse=True)
def _nothing_cached():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def label(db):
    label = LabelFactory()
    platform_key(label)
    return label


@pytest.fixture
def gateway(label):
    return GatewayFactory(label=label, slug="sms-de")


@pytest.fixture
def message(label, gateway) -> Message:
    user = EndUserFactory(label=label, ext_user_id="u-1", email="canary@mailbox.example")
    return MessageFactory(
        label=label, gateway=gateway, end_user=user, uid="uid-1", content={"body": "canary"}
    )


def learn(message, status, *, at, **more):
    StatusEvent.objects.create(
        message=message, status=status, occurred_at=at, recorded_at=at, is_reported=True, **more
    )
    Message.objects.filter(pk=message.pk).update(status=status, state=State.SENT)


def attempt(message, cause, number=1):
    now = timezone.now()
    SendAttempt.objects.create(
        message=message,
        gateway=message.gateway,
        number=number,
        outcome="rejected" if cause else "accepted",
        cause=cause,
        detail="canary of the provider",
        started_at=now,
        finished_at=now,
    )


def asked(*ids: str, **extra) -> list[list[str] | None]:
    """By id the ids of the messages that were found, None where there is none."""
    response = get(MESSAGES, {"ids": list(ids)}, **extra)
    assert response.status_code == 200, response.content
    return [
        [found["id"] for found in each["messages"]] if "messages" in each else None
        for each in response.json()["results"]
    ]


def listed(**parameters) -> list[str]:
    return [each["id"] for each in get(MESSAGES, parameters).json()["messages"]]


def test_a_message_is_told_with_its_history_and_nothing_that_it_said(message):
    begun = timezone.now().replace(microsecond=0)
    attempt(message, "unavailable")
    attempt(message, "", number=2)
    learn(message, Status.DELIVERED, at=begun + timedelta(seconds=2))
    learn(message, Status.ACCEPTED, at=begun)
    learn(message, Status.OPENED, at=begun + timedelta(seconds=3), is_machine=True)

    response = get(MESSAGES, {"ids": str(message.pk)})

    ((told,),) = [each["messages"] for each in response.json()["results"]]
    assert told.pop("accepted_at").endswith("Z")
    moments = [each.pop("at") for each in told["statuses"]]
    assert moments == sorted(moments)
    assert told == {
        "id": str(message.pk),
        "uid": "uid-1",
        "ext_user_id": "u-1",
        "channel": "sms",
        "gateway": "sms-de",
        "state": "sent",
        "status": "opened",
        "error_class": None,
        "statuses": [
            {"status": "accepted", "is_machine": False},
            {"status": "delivered", "is_machine": False},
            {"status": "opened", "is_machine": True},
        ],
    }
    assert "canary" not in response.content.decode()


def test_messages_are_found_by_our_id_and_by_smarticos_uid_each_in_its_place(message, label):
    mail = MessageFactory(label=label, gateway=message.gateway, channel=Channel.EMAIL, uid="uid-1")
    other = MessageFactory(label=label, gateway=message.gateway, uid="uid-2")
    ours = [str(message.pk), str(mail.pk)]

    found = asked("uid-2", str(uuid4()), "uid-1", str(message.pk).upper(), "nobody's", "uid-2")

    assert found == [[str(other.pk)], None, ours, ours[:1], None, [str(other.pk)]]
    assert asked(f"uid-2,{message.pk},,") == [[str(other.pk)], ours[:1]]


def test_what_was_not_found_is_not_repeated(message):
    response = get(MESSAGES, {"ids": "canary@mailbox.example"})

    assert response.json() == {
        "results": [{"error": {"code": "not_found", "message": "no such message"}}]
    }


def test_messages_of_another_label_are_not_found(message):
    elsewhere = MessageFactory(uid="uid-9")

    assert asked(str(elsewhere.pk), "uid-9") == [None, None]
    assert listed() == [str(message.pk)]


def test_a_key_that_is_bound_to_a_brand_sees_that_brands_messages_only(label, gateway, message):
    brand = BrandFactory(label=label)
    platform_key(label, brand)
    own = MessageFactory(label=label, gateway=gateway, brand=brand, uid="uid-1", channel="viber")

    assert asked("uid-1", str(message.pk), key=BRAND_SECRET) == [[str(own.pk)], None]
    page = get(MESSAGES, key=BRAND_SECRET).json()["messages"]
    assert [each["id"] for each in page] == [str(own.pk)]


def test_previews_are_known_by_our_id_only_and_trials_not_at_all(label, gateway):
    preview = MessageFactory(
        label=label, gateway=gateway, uid="uid-1", activity_type="preview", end_user=None
    )
    trial = MessageFactory(label=label, gateway=gateway, uid="trial", is_test=True)

    assert asked("uid-1", str(preview.pk), str(trial.pk)) == [None, [str(preview.pk)], None]


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ([], None),
        ([""], None),
        (["unavailable", "invalid_address"], "invalid_address"),
        (["unavailable", ""], None),
        (["no_answer"], "no_answer"),
    ],
)
def test_what_went_wrong_with_the_last_try_is_told_as_a_word(message, causes, expected):
    for number, cause in enumerate(causes, start=1):
        attempt(message, cause, number)

    ((told,),) = [each["messages"] for each in get(MESSAGES, {"ids": "uid-1"}).json()["results"]]

    assert told["error_class"] == expected


def test_what_a_provider_reports_later_is_told_as_a_word_and_not_in_its_words(message):
    attempt(message, "", 1)
    Message.objects.filter(pk=message.pk).update(state="sent", status="accepted")
    fact = Fact(
        message_id=message.pk,
        status=Status.FAILED,
        occurred_at=timezone.now(),
        detail="550 mailbox [redacted] unknown",
    )
    record([fact], now=timezone.now())

    answer = get(MESSAGES, {"ids": "uid-1"})

    assert answer.json()["results"][0]["messages"][0]["error_class"] == "invalid_address"
    assert "mailbox" not in answer.content.decode()


def test_a_message_that_never_left_says_why(message):
    fail({message.pk: message}, "expired", now=timezone.now())

    ((told,),) = [each["messages"] for each in get(MESSAGES, {"ids": "uid-1"}).json()["results"]]

    assert (told["status"], told["error_class"]) == ("failed", "expired")


def test_the_user_of_an_erased_one_is_not_named(message):
    erase([message.end_user], "the test")

    ((told,),) = [each["messages"] for each in get(MESSAGES, {"ids": "uid-1"}).json()["results"]]

    assert (told["ext_user_id"], told["error_class"]) == (None, "erased")


def test_what_was_pruned_is_told_without_its_time(message):
    Message.objects.filter(pk=message.pk).update(
        pruned_at=timezone.now(), pruned_statuses=["delivered", "accepted"], status="delivered"
    )

    ((told,),) = [each["messages"] for each in get(MESSAGES, {"ids": "uid-1"}).json()["results"]]

    assert told["statuses"] == [
        {"status": name, "at": None, "is_machine": False} for name in ("accepted", "delivered")
    ]


@pytest.fixture
def many(label, gateway) -> list[str]:
    """One each hour and channel in turn, the newest now."""
    user = EndUserFactory(label=label, ext_user_id="u/ 1")
    now = timezone.now()
    ids = []
    for hours in range(11, -1, -1):
        pk = UUID(int=first_id(now - timedelta(hours=hours)).int + hours)
        MessageFactory(
            id=pk,
            label=label,
            gateway=gateway,
            channel=list(Channel)[hours % 6],
            end_user=user if hours % 3 == 0 else EndUserFactory(label=label),
        )
        ids.append(str(pk))
    return ids


def test_all_messages_are_listed_as_they_were_accepted_page_by_page(many):
    assert listed() == many
    found, cursor = [], {}
    for expected in (5, 5, 2):
        told = get(MESSAGES, {"limit": 5} | cursor).json()
        assert len(told["messages"]) == expected
        found += [each["id"] for each in told["messages"]]
        cursor = {"cursor": told["next"]}
    assert (found, told["next"]) == (many, None)


def test_a_list_begins_at_a_moment_or_is_of_one_user(many):
    since = (timezone.now() - timedelta(hours=2, minutes=30)).isoformat()

    assert listed(since=since) == many[-3:]
    assert listed(since="1066-10-14T09:00:00Z") == many
    assert listed(since="9999-12-31T23:59:59Z") == []
    assert listed(ext_user_id="u/ 1") == many[2::3]
    assert listed(ext_user_id="u/ 1", since=since) == many[-1:]
    assert listed(ext_user_id="nobody") == listed(ext_user_id="\x00") == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"ids": ""}, (422, "invalid", "ids")),
        ({"ids": ",,"}, (422, "invalid", "ids")),
        ({"ids": "x,y", "limit": "1"}, (422, "invalid", "")),
        ({"ids": ",".join("x" * 1001)}, (413, "too_many", "")),
        ({"ids": ["x"] * 1001}, (400, "invalid", "")),
        ({"since": "yesterday"}, (422, "invalid", "since")),
        ({"cursor": "x"}, (422, "invalid", "cursor")),
        ({"email": "canary@mailbox.example"}, (422, "invalid", "")),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(label, parameters, expected):
    assert error(get(MESSAGES, parameters)) == expected


def test_a_thousand_ids_are_a_handful_of_statements(label, gateway, django_assert_max_num_queries):
    ids = [f"uid-{n}" for n in range(998)]
    messages = [MessageFactory(label=label, gateway=gateway, uid=uid) for uid in ids[:20]]
    asked("x")

    with django_assert_max_num_queries(7):
        found = asked(",".join([*ids, "\x00", str(messages[0].pk)]))

    assert [each is not None for each in found] == [True] * 20 + [False] * 979 + [True]


def test_methods_and_keys_are_as_everywhere(label):
    assert error(call("post", MESSAGES, {})) == (405, "no_such_method", "")
    assert error(get(MESSAGES, key="")) == (401, "not_authorised", "")
