"""The platform's own endpoint: what it is asked, what its answers mean, and what is no answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import reveals
from gateways import configuration
from gateways.config_file.fields import DirectoryField
from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from tests.peers import Answer, HttpPeer, http_peer
from users.directories import door
from users.directories.base import DirectoryDown
from users.directories.copies import forget_copies
from users.directory import find
from users.models import EndUser

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"
RECORD = {"email": EMAIL, "phone": PHONE, "brand": "a", "properties": {"country": "DE"}}


@pytest.fixture
def peer():
    with http_peer(lambda asked: Answer(body=RECORD)) as peer:
        yield peer


def label_at(peer: HttpPeer, **settings):
    given = {"url": peer.url + "/users/{ext_user_id}"} | settings
    read = DirectoryField().run_validation({"kind": "http", **given})
    label = LabelFactory(directory=read)
    BrandFactory(label=label, slug="a")
    return configuration.current().labels[label.pk]


def age(label, **ago) -> None:
    long_ago = timezone.now() - timedelta(**ago)
    EndUser.objects.filter(label=label.id).update(looked_up_at=long_ago)


def test_a_user_is_asked_for_once_and_kept_sealed_for_a_while(peer):
    label = label_at(peer, authorization="Bearer house-secret", headers={"X-Site": "de"})
    user = find(label, "4711")
    assert user is not None
    assert (user.email.reveal(), user.phone.reveal()) == (EMAIL, PHONE)
    assert (user.brand.slug, user.properties) == ("a", {"country": "DE"})
    assert find(label, "4711") == user
    (asked,) = peer.asked
    assert (asked.method, asked.path) == ("GET", "/users/4711")
    assert asked.headers["authorization"] == "Bearer house-secret"
    assert asked.headers["x-site"] == "de"
    raw = EndUser.objects.filter(pk=user.pk).values_list("email", "phone").get()
    assert not reveals(str(raw), EMAIL)


def test_after_its_ttl_it_is_asked_again_and_what_is_new_holds(peer):
    label = label_at(peer, ttl_seconds=60)
    user = find(label, "4711")
    peer.respond = lambda asked: Answer(body={**RECORD, "phone": None})
    age(label, seconds=59)
    assert find(label, "4711").phone is not None
    age(label, seconds=61)
    again = find(label, "4711")
    assert (again.pk, again.phone) == (user.pk, None)
    assert again.looked_up_at > user.looked_up_at


@pytest.mark.parametrize("odd", ["a/../b?c=d#e", "é 😀", "%2e%2e", "a&b=c", "x" * 255])
def test_whatever_the_id_holds_it_goes_as_a_value(peer, odd):
    label = label_at(peer, url=peer.url + "/users/{ext_user_id}?q={ext_user_id}")
    assert find(label, odd).ext_user_id == odd
    (asked,) = peer.asked
    assert asked.query == {"q": odd}
    assert asked.path.startswith("/users/")
    assert asked.path.count("/") == 2


def test_a_post_carries_the_id_in_json(peer):
    label = label_at(peer, url=peer.url + "/find", method="POST")
    assert find(label, 'a"b') is not None
    (asked,) = peer.asked
    assert (asked.method, asked.json) == ("POST", {"ext_user_id": 'a"b'})


def test_where_things_stand_in_the_answer_is_the_operators_to_say(peer):
    peer.respond = lambda asked: Answer(body={"data": [{"mail": EMAIL, "attrs": {"tier": "x"}}]})
    label = label_at(
        peer, email_at="data[0].mail", phone_at="data[0].tel", properties_at="data[0].attrs"
    )
    user = find(label, "4711")
    assert (user.email.reveal(), user.phone, user.properties) == (EMAIL, None, {"tier": "x"})


@pytest.mark.parametrize(
    "answer",
    [Answer(status=404), Answer(status=410, body="gone"), Answer(body={}), Answer(body=[])],
)
def test_nobody_is_nobody(peer, answer):
    peer.respond = lambda asked: answer
    label = label_at(peer)
    assert find(label, "4711") is None
    assert not EndUser.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=401, body=RECORD),
        Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Answer(body="<html>"),
        Answer(body="[" * 100_000),
        Answer(body="x" * 200_000),
        Answer(hang_up=True),
        Answer(delay=3),
    ],
    ids=["500", "401", "redirect", "html", "deep", "long", "hang-up", "slow"],
)
def test_what_is_no_answer_is_said_and_tells_nothing(peer, answer):
    peer.respond = lambda asked: answer
    label = label_at(peer)
    with pytest.raises(DirectoryDown) as down:
        find(label, "canary-id")
    assert peer.url not in str(down.value)
    assert "canary" not in str(down.value)
    assert len(peer.asked) == 1


def test_one_that_is_down_is_left_alone_and_asked_now_and_then(peer, monkeypatch):
    peer.respond = lambda asked: Answer(status=500)
    label = label_at(peer)
    for _ in range(10):
        with pytest.raises(DirectoryDown):
            find(label, "4711")
    assert len(peer.asked) == door.FAILURES
    peer.respond = lambda asked: Answer(body=RECORD)
    monkeypatch.setattr(door, "PAUSE_SECONDS", 0)
    door.door_of(label.id)._closed_until = 0.0
    assert find(label, "4711") is not None
    assert find(label, "4712") is not None


def test_an_address_that_is_none_closes_its_channel_only(peer):
    peer.respond = lambda asked: Answer(body={**RECORD, "email": "not an address", "phone": 5})
    user = find(label_at(peer), "4711")
    assert user.email is None
    assert user.address("sms") is None


def test_a_brand_that_is_none_here_makes_nobody(peer, caplog):
    peer.respond = lambda asked: Answer(body={**RECORD, "brand": "unheard-of"})
    assert find(label_at(peer), "4711") is None
    assert "cannot be used" in caplog.text
    assert "unheard-of" not in caplog.text


def test_old_copies_go_and_what_suppresses_an_address_stays(peer):
    label = label_at(peer, ttl_seconds=60)
    user = find(label, "4711")
    assert forget_copies() == 0
    age(label, seconds=61)
    assert forget_copies() == 1
    kept = EndUser.objects.get()
    assert (kept.email, kept.phone, kept.properties, kept.looked_up_at) == (None, None, {}, None)
    assert (kept.email_index, kept.phone_index) == (user.email_index, user.phone_index)
    assert find(label, "4711").email.reveal() == EMAIL


def test_users_of_a_label_that_stores_them_are_never_forgotten():
    EndUserFactory()
    assert forget_copies() == 0
    assert EndUser.objects.get().email is not None


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": "ldap"}, "must be one of stored, http, sql"),
        ({"kind": "stored", "url": "https://a.example/"}, "there is no such key"),
        ({"kind": "http"}, "required"),
        ({"kind": "http", "url": "https://a.example/"}, "has to stand in it"),
        ({"kind": "http", "url": "https://{ext_user_id}.example/x"}, "URL such as|in the host"),
        ({"kind": "http", "url": "http://169.254.169.254/{ext_user_id}"}, "EGRESS_ALLOW"),
        ({"kind": "http", "url": "https://a.example/{ext_user_id}", "email_at": "[["}, "JMESPath"),
        (
            {"kind": "http", "url": "https://a.example/{ext_user_id}", "colour": "red"},
            "no such key",
        ),
        ({"kind": "sql", "dsn": "mysql://a/b", "query": "SELECT :ext_user_id"}, "postgres://"),
        ({"kind": "sql", "dsn": "sqlite:////x", "query": "DELETE FROM a"}, "SELECT is expected"),
        ({"kind": "sql", "dsn": "sqlite:////x", "query": "SELECT 1; SELECT 2"}, "One statement"),
        ({"kind": "sql", "dsn": "sqlite:////x", "query": "SELECT 1"}, ":ext_user_id is missing"),
        ("http", "must be"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(settings, problem):
    from rest_framework.exceptions import ValidationError

    with pytest.raises(ValidationError, match=problem):
        DirectoryField().run_validation(settings)


def test_settings_come_back_without_their_secrets():
    given = {"kind": "http", "url": "https://a.example/{ext_user_id}", "authorization": "hush"}
    kept = DirectoryField().run_validation(given)
    assert isinstance(kept, Personal)
    shown = DirectoryField().to_representation(kept)
    assert shown["url"] == given["url"]
    assert "hush" not in str(shown)
    assert repr(shown["authorization"]) == "SECRET"
