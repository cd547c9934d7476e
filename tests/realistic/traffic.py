"""A week of messages with their tries, statuses and callbacks."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from callbacks.models import CallbackDelivery, DeliveryAttempt
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from messages_app.models import Message, SendAttempt, State, StatusEvent
from messages_app.routes import routed
from messages_app.statuses import ENDS, learn
from tests.realistic.setup import PAUSED_FOR, PAUSED_GATEWAY
from tests.realistic.stories import Learnt, Story, story
from tests.realistic.telling import CALLBACK_URL, told
from users.models import EndUser

CHANNELS = {
    Channel.EMAIL: 46,
    Channel.SMS: 24,
    Channel.CUSTOM_IM: 12,
    Channel.WHATSAPP: 9,
    Channel.VIBER: 6,
    Channel.RCS: 3,
}
CONTENT = {"body": "The weekend begins early", "subject": "For you"}
WEEK = timedelta(days=7)
LATELY = timedelta(hours=3)
SHARE_OF_LATELY = 0.12


@dataclass(slots=True)
class Rows:
    """What is written, table by table, in the order in which it came about."""

    messages: list[Message] = field(default_factory=list)
    attempts: list[SendAttempt] = field(default_factory=list)
    events: list[StatusEvent] = field(default_factory=list)
    deliveries: list[CallbackDelivery] = field(default_factory=list)
    delivery_attempts: list[DeliveryAttempt] = field(default_factory=list)

    def write(self) -> None:
        Message.objects.bulk_create(self.messages)
        for model, rows, moment in (
            (SendAttempt, self.attempts, "finished_at"),
            (StatusEvent, self.events, "recorded_at"),
            (CallbackDelivery, self.deliveries, "created_at"),
            (DeliveryAttempt, self.delivery_attempts, "finished_at"),
        ):
            model.objects.bulk_create(sorted(rows, key=attrgetter(moment)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What Smartico asked for at a moment, and the gateways that fit, the winner first."""

    at: datetime
    channel: Channel
    user: EndUser
    fits: Sequence[Any]
    because: str

    def after(self, seconds: float) -> datetime:
        return self.at + timedelta(seconds=seconds)


def add_messages(rng: random.Random, users: list[EndUser], count: int, now: datetime) -> None:
    rows = Rows()
    for at in sorted(_moment(rng, now) for _ in range(count)):
        request = _request(rng, users, at)
        so_far = _so_far(_story(rng, request, now), (now - at).total_seconds())
        message = _message(rng, request, so_far)
        rows.messages.append(message)
        rows.attempts += _attempts(rng, request, message, so_far)
        for event in _events(request, message, so_far):
            rows.events.append(event)
            if event.is_reported:
                delivery, tries = told(rng, event, now)
                rows.deliveries.append(delivery)
                rows.delivery_attempts += tries
    rows.write()


def _moment(rng: random.Random, now: datetime) -> datetime:
    """More by day than by night, and much of it lately."""
    if rng.random() < SHARE_OF_LATELY:
        return now - LATELY * rng.random()
    while True:
        at = now - WEEK * rng.random()
        if rng.random() < (1.0 if 8 <= at.hour <= 21 else 0.18):
            return at


def _request(rng: random.Random, users: list[EndUser], at: datetime) -> Request:
    """To somebody who can be reached on that channel."""
    labels = configuration.current().labels
    while True:
        channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        user = rng.choice(users)
        found = routed(labels[user.label_id], channel, user, user.brand_id)
        if found.fits and (channel == Channel.CUSTOM_IM or user.address_index(channel)):
            because = f"{found.fits[0].name}: {found.because}"
            return Request(at=at, channel=channel, user=user, fits=found.fits, because=because)


def _story(rng: random.Random, request: Request, now: datetime) -> Story:
    if request.fits[0].slug == PAUSED_GATEWAY and now - request.at < PAUSED_FOR:
        return Story(state=State.QUEUED)
    return story(rng, request.channel, len(request.fits))


def _so_far(whole: Story, seconds: float) -> Story:
    """As much of the story as has happened in these seconds."""
    tries = tuple(one for one in whole.tries if one.until < seconds)
    learnt = tuple(one for one in whole.learnt if one.at < seconds)
    if len(tries) < len(whole.tries):
        return Story(tries=tries, learnt=learnt, state=State.QUEUED)
    is_under_way = whole.state == State.FAILED and len(learnt) < len(whole.learnt)
    return Story(tries=tries, learnt=learnt, state=State.SENT if is_under_way else whole.state)


def _message(rng: random.Random, request: Request, so_far: Story) -> Message:
    label = configuration.current().labels[request.user.label_id]
    tries, is_queued = so_far.tries, so_far.state == State.QUEUED
    is_custom_im = request.channel == Channel.CUSTOM_IM
    ended_at = next((request.after(one.at) for one in so_far.learnt if one.status in ENDS), None)
    return Message(
        id=id_at(rng, request.at),
        label_id=label.id,
        brand_id=request.user.brand_id,
        gateway_id=request.fits[tries[-1].gateway if tries else 0].id,
        template_id=next(iter(label.templates.values())).id if is_custom_im else None,
        end_user=request.user,
        channel=request.channel,
        uid=f"{rng.getrandbits(64):016x}",
        repeat_key=f"{rng.getrandbits(256):064x}",
        fingerprint=f"{rng.getrandbits(256):064x}",
        content=CONTENT,
        callback_url=CALLBACK_URL,
        chosen_because=request.because,
        state=so_far.state,
        status=_status(so_far.learnt),
        attempts=len(tries),
        created_at=request.at,
        due_at=request.after(tries[-1].until + 2 if tries else 0) if is_queued else None,
        expires_at=request.after(86_400 * (3 if request.channel == Channel.EMAIL else 1)),
        ended_at=ended_at,
    )


def id_at(rng: random.Random, at: datetime) -> UUID:
    """A version 7 id as if it had been made then."""
    head = int(at.timestamp() * 1000) << 80 | 7 << 76 | rng.getrandbits(12) << 64
    return UUID(int=head | 2 << 62 | rng.getrandbits(62))


def _status(learnt: Sequence[Learnt]) -> str:
    current, seen = "", []
    for one in learnt:
        step = learn(seen, current, one.status)
        current = step.status if step else current
        seen.append(one.status)
    return current


def _attempts(
    rng: random.Random, request: Request, message: Message, so_far: Story
) -> Iterator[SendAttempt]:
    for number, one in enumerate(so_far.tries, start=1):
        is_taken = one.outcome == "accepted"
        yield SendAttempt(
            message=message,
            gateway_id=request.fits[one.gateway].id,
            number=number,
            outcome=one.outcome,
            detail=one.detail,
            provider_id=f"{rng.getrandbits(80):020x}" if is_taken else "",
            started_at=request.after(one.at),
            finished_at=request.after(one.until),
        )


def _events(request: Request, message: Message, so_far: Story) -> Iterator[StatusEvent]:
    current, seen = "", []
    for one in so_far.learnt:
        step = learn(seen, current, one.status)
        seen.append(one.status)
        if step is not None:
            current = step.status
            yield StatusEvent(
                message=message,
                status=one.status,
                detail=one.detail,
                occurred_at=request.after(one.at),
                recorded_at=request.after(one.at + 0.2),
                is_reported=step.is_reported,
            )
