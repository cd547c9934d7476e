"""What the engine makes of every provider, with a real server over there and real webhooks here."""

import logging
import socket
from datetime import timedelta
from itertools import cycle, islice

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from gateways.providers.base import HttpProvider
from gateways.providers.registry import provider_classes
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent, Wait
from messages_app.unreadable import shown
from tests.canaries.birds import Bird
from tests.canaries.sightings import sightings
from tests.disguises import ANY, OF_A_NUMBER, OF_AN_ADDRESS
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.canaries import CANARY, EMAIL, PHONE
from tests.gateways.providers.examples import ACCOUNTS, ROADS_OVER_HTTP, account, at
from tests.gateways.providers.mail_peer import HANG_UP, mail_peer
from tests.gateways.providers.webhooks import (
    NEW_WORD,
    Sample,
    arrive,
    first_samples,
    recorded,
    with_a_new_word,
)
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db


every_road = pytest.mark.parametrize(
    ("slug", "channel"),
    ROADS_OVER_HTTP,
    ids=[f"{slug}-{channel}" for slug, channel in ROADS_OVER_HTTP],
)
every_reporter = pytest.mark.parametrize("slug", list(first_samples()))
LONG_AGO = timedelta(minutes=1)
WITHOUT_REASONS = {"custom_im_http", "sandbox"}
"""Their reports hold a status and an id, and no text."""
WITH_REASONS = sorted(first_samples().keys() - WITHOUT_REASONS)
AT_ONCE = 6
CANARIES = (
    Bird(name="the address", spelled=EMAIL.partition("@")[0]),
    Bird(name="the number", spelled=PHONE[3:]),
)
SAID = f'{{"message": "no such {EMAIL} or {PHONE} or {PHONE[1:]}, key {CANARY}"}}'


def gateway_at(slug: str, channel: Channel, url: str) -> Gateway:
    sender = "Amazing <noreply@amazing.co>" if channel == Channel.EMAIL else "Amazing"
    return GatewayFactory(channel=channel, provider=slug, config=at(slug, url), from_default=sender)


def queued(gateway: Gateway) -> Message:
    user = EndUserFactory(label=gateway.label, email=EMAIL, phone=PHONE)
    return MessageFactory(
        label=gateway.label,
        gateway=gateway,
        channel=gateway.channel,
        end_user=user,
        content={"ext_user_id": "hhu234556", "body": "Best offer ever", "subject": "Offer"},
    )


def sent_through(gateway: Gateway) -> tuple[Message, SendAttempt]:
    message = queued(gateway)
    assert run("send", str(gateway.pk), linger=0) == 1
    message.refresh_from_db()
    return message, SendAttempt.objects.get()


@every_road
def test_a_server_that_cannot_be_reached_was_sent_nothing(slug, channel):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    message, attempt = sent_through(gateway_at(slug, channel, f"http://127.0.0.1:{port}"))

    assert (attempt.outcome, message.state) == ("unavailable", State.QUEUED)


@every_road
def test_a_server_that_hangs_up_after_reading_may_have_taken_it(slug, channel):
    with http_peer(lambda asked: Answer(hang_up=True)) as peer:
        gateway = gateway_at(slug, channel, peer.url)
        message, attempt = sent_through(gateway)
        assert len(peer.asked) == 1

    is_repeated = account(slug).idempotent
    assert attempt.outcome == "unknown"
    assert message.state == (State.QUEUED if is_repeated else State.UNKNOWN)


@every_road
@pytest.mark.parametrize(
    ("status", "outcome", "state"),
    [
        (400, "rejected", State.REJECTED),
        (401, "misconfigured", State.QUEUED),
        (403, "misconfigured", State.QUEUED),
        (429, "unavailable", State.QUEUED),
        (500, "unavailable", State.QUEUED),
        (503, "unavailable", State.QUEUED),
    ],
)
def test_a_refusal_is_obeyed_and_its_words_are_scrubbed(
    slug, channel, status, outcome, state, caplog
):
    with http_peer(lambda asked: Answer(status, SAID)) as peer:
        gateway = gateway_at(slug, channel, peer.url)
        message, attempt = sent_through(gateway)

    gateway.refresh_from_db()
    assert (attempt.outcome, message.state) == (outcome, state)
    assert gateway.is_paused == (outcome == "misconfigured")
    told = [attempt.detail, gateway.paused_because, caplog.text]
    told += StatusEvent.objects.values_list("detail", flat=True)
    for hidden in (EMAIL, PHONE[1:], CANARY):
        assert not [text for text in told if hidden in text]


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_an_api_of_one_s_own_is_called_again_where_it_is_said_to_drop_repeats(is_idempotent):
    answers = iter([Answer(hang_up=True), Answer(200, {"data": {"id": "id-1"}})])
    with http_peer(lambda asked: next(answers)) as peer:
        gateway = gateway_at("http_api", Channel.SMS, peer.url)
        changes = {"is_idempotent": is_idempotent, "idempotency_header": "Idempotency-Key"}
        gateway.config = gateway.config.reveal() | changes
        gateway.save()
        message, _ = sent_through(gateway)
        Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now() - LONG_AGO)
        run("send", str(gateway.pk), linger=0)

    message.refresh_from_db()
    assert message.state == (State.SENT if is_idempotent else State.UNKNOWN)
    names = [asked.headers["idempotency-key"] for asked in peer.asked]
    assert names == [str(message.pk)] * (2 if is_idempotent else 1)


class TestMailServer:
    """SMTP, whose answers are no HTTP."""

    SAID = f"no such user {EMAIL} or {PHONE}"

    @pytest.fixture
    def peer(self):
        with mail_peer() as running:
            yield running

    @pytest.fixture
    def gateway(self, peer):
        config = {"host": "127.0.0.1", "port": peer.port, "security": "none"}
        return GatewayFactory(
            channel="email", provider="smtp", config=config, from_default="noreply@amazing.co"
        )

    @pytest.mark.parametrize(
        ("command", "code", "outcome", "state"),
        [
            ("RCPT", "550 5.1.1", "rejected", State.REJECTED),
            ("MAIL", "530 5.7.0", "misconfigured", State.QUEUED),
            ("RCPT", "450 4.2.1", "unavailable", State.QUEUED),
            ("DATA", "451 4.3.0", "unavailable", State.QUEUED),
        ],
    )
    def test_a_refusal_is_obeyed_and_its_words_are_scrubbed(
        self, peer, gateway, command, code, outcome, state, caplog
    ):
        # The peer's own log, which tells all that it hears.
        caplog.set_level(logging.CRITICAL, logger="mail.log")
        peer.answers[command] = f"{code} {self.SAID}"
        message, attempt = sent_through(gateway)

        gateway.refresh_from_db()
        assert (attempt.outcome, message.state) == (outcome, state)
        assert gateway.is_paused == (outcome == "misconfigured")
        assert "no such user" in attempt.detail
        told = [attempt.detail, gateway.paused_because, caplog.text]
        told += StatusEvent.objects.values_list("detail", flat=True)
        assert not [text for text in told if EMAIL in text or PHONE[1:] in text]

    @pytest.mark.parametrize(
        ("command", "outcome", "state"),
        [("RCPT", "unavailable", State.QUEUED), ("DATA", "unknown", State.UNKNOWN)],
    )
    def test_whether_the_body_was_written_decides_what_a_hang_up_means(
        self, peer, gateway, command, outcome, state
    ):
        peer.answers[command] = HANG_UP
        message, attempt = sent_through(gateway)

        assert (attempt.outcome, message.state) == (outcome, state)


# ---- What is reported


@pytest.mark.parametrize("slug", list(provider_classes()))
def test_a_wrong_token_leads_nowhere_whatever_is_posted_to_it(slug, client):
    token = _gateway(slug).token.reveal()
    path = f"/callbacks/webhooks/{token[:-1]}{'a' if token[-1] != 'a' else 'b'}"
    sample = first_samples().get(slug)

    if sample is None:
        status = client.post(path, "{}", content_type="application/json").status_code
    else:
        status = _posted(client, sample, path)

    assert status == 404
    assert _learnt() == (0, 0)


@every_reporter
def test_a_report_to_the_url_of_another_gateway_teaches_nothing(slug, client):
    sample = first_samples()[slug]
    own, stranger = _gateway(slug), _gateway(slug)
    for told in sample.expected:
        _tried(own, told)

    assert _posted(client, sample, _path(stranger)) == 200

    assert not StatusEvent.objects.exists()


@every_reporter
def test_a_word_that_nobody_knows_stands_in_the_inbox(slug, client):
    gateway = _gateway(slug)

    for sample, body in with_a_new_word(slug):
        assert _posted(client, sample, _path(gateway), body) == 200

    assert InboxEntry.objects.filter(waits_for=Wait.A_MAPPING, word=NEW_WORD).exists()


@pytest.mark.parametrize("slug", WITH_REASONS)
def test_an_address_in_what_a_report_says_is_scrubbed(slug, client, caplog):
    gateway = _gateway(slug)
    sample = next(sample for sample in recorded() if sample.slug == slug and sample.reason)
    for told in sample.expected:
        _tried(gateway, told | {"email": EMAIL, "phone": PHONE})
    body = sample.saying(f"(told by {_disguises_of(slug)})")

    assert _posted(client, sample, _path(gateway), body) == 200

    kept = "\n".join(event.detail for event in StatusEvent.objects.all())
    kept += "\n".join(entry.detail + shown(entry) for entry in InboxEntry.objects.all())
    assert "(told by" in kept.lower()
    assert sightings(kept, "a test", CANARIES) == set()
    assert EMAIL not in caplog.text.lower()
    assert PHONE[1:] not in caplog.text


def _disguises_of(slug: str) -> str:
    """A few of them, others for each provider: all that is told would be cut off."""
    worn = [wear(EMAIL) for wear in (OF_AN_ADDRESS | ANY).values()]
    worn += [wear(PHONE) for wear in (OF_A_NUMBER | ANY).values()]
    first = WITH_REASONS.index(slug) * AT_ONCE
    return ", ".join(islice(cycle(worn), first, first + AT_ONCE))


@every_road
def test_an_address_far_down_in_what_was_said_leaves_no_part_of_it(slug, channel):
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in (EMAIL, PHONE)[channel != Channel.EMAIL])
    with http_peer(lambda asked: Answer(400, "no " * 57 + escaped)) as peer:
        _, attempt = sent_through(gateway_at(slug, channel, peer.url))

    assert "\\u" not in attempt.detail


@pytest.mark.parametrize("sample", recorded(), ids=lambda sample: sample.name)
def test_a_webhook_that_comes_again_is_applied_once(sample, client):
    gateway = _gateway(sample.slug)
    for told in sample.expected:
        _tried(gateway, told)
    path = _path(gateway)

    after_each = [(_posted(client, sample, path), *_learnt()) for _ in range(3)]

    assert [status for status, *_ in after_each] == [200, 200, 200]
    assert after_each[0] == after_each[1] == after_each[2]
    assert any(after_each[0][1:]) or not sample.expected


def _gateway(slug: str) -> Gateway:
    cls = provider_classes()[slug]
    return GatewayFactory(channel=cls.channels[0], provider=slug, config=ACCOUNTS[slug].CONFIG)


def _path(gateway: Gateway) -> str:
    return f"/callbacks/webhooks/{gateway.token.reveal()}"


def _tried(gateway: Gateway, told: dict[str, str]) -> None:
    """A message that went through the gateway under the id, or to the address, that is named."""
    message_id, provider_id = told.get("message_id"), told.get("provider_id", "")
    message = Message.objects.filter(pk=message_id).first() if message_id else None
    if message is None:
        own = {"id": message_id} if message_id else {}
        message = MessageFactory(
            label=gateway.label,
            gateway=gateway,
            channel=gateway.channel,
            state=State.SENT,
            attempts=1,
            **own,
        )
    if recipient := told.get("recipient"):
        kind = "email" if "@" in recipient else "phone"
        setattr(message.end_user, kind, recipient)
    for kind in ("email", "phone"):
        setattr(message.end_user, kind, told.get(kind, getattr(message.end_user, kind)))
    message.end_user.save()
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=provider_id,
        started_at=message.created_at,
        finished_at=message.created_at,
    )


def _posted(client: Client, sample: Sample, path: str, body: bytes | None = None) -> int:
    """What the sample, signed for that path, is answered; with another body where one is given."""
    return arrive(client, sample.posted(body, url=settings.PUBLIC_URL + path)).status_code


def _learnt() -> tuple[int, int]:
    return StatusEvent.objects.count(), InboxEntry.objects.count()


def test_every_provider_over_http_is_tried_here():
    over_http = {slug for slug, cls in provider_classes().items() if issubclass(cls, HttpProvider)}

    assert over_http <= {slug for slug, _ in ROADS_OVER_HTTP}
