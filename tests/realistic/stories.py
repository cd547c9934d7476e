"""What becomes of a message, told in seconds from its acceptance. Pure, but for the dice."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Channel, Status
from messages_app.models import State

S = Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One send attempt. `gateway` counts along the route: 0 is the first that fits."""

    at: float
    seconds: float
    outcome: str = "accepted"
    detail: str = ""
    gateway: int = 0

    @property
    def until(self) -> float:
        return self.at + self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One status, and what the provider said with it."""

    at: float
    status: Status
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    tries: tuple[Try, ...] = ()
    learnt: tuple[Learnt, ...] = ()
    state: State = State.SENT


def story(rng: random.Random, channel: Channel, choice_of_gateways: int) -> Story:
    """A believable one: mostly well, sometimes not, now and then odd."""
    tell = rng.choices(list(FATES), list(FATES.values()))[0]
    if tell is _moved and choice_of_gateways < 2:
        tell = _retried
    return tell(rng, channel)


def _delivered(
    rng: random.Random, channel: Channel, *earlier: Try, at: float | None = None
) -> Story:
    start = rng.uniform(0.02, 0.4) if at is None else at
    last = Try(at=start, seconds=_seconds(rng), gateway=earlier[-1].gateway + 1 if at else 0)
    learnt = [Learnt(at=last.until, status=S.ACCEPTED)]
    if rng.random() < 0.97:
        delivered_at = last.until + rng.lognormvariate(1.3, 0.8)
        learnt.append(Learnt(at=delivered_at, status=S.DELIVERED))
        learnt += _reactions(rng, channel, delivered_at)
    return Story(tries=(*earlier, last), learnt=tuple(learnt))


def _reactions(rng: random.Random, channel: Channel, since: float) -> list[Learnt]:
    """What the reader did, where the channel can tell."""
    if channel in (Channel.SMS, Channel.CUSTOM_IM) or rng.random() > 0.38:
        return []
    opened_at = since + rng.lognormvariate(6.5, 1.4)
    found = [Learnt(at=opened_at, status=S.OPENED)]
    if rng.random() < 0.27:
        found.append(Learnt(at=opened_at + rng.uniform(2, 90), status=S.CLICKED))
    if channel == Channel.EMAIL and rng.random() < 0.02:
        status = rng.choice((S.COMPLAINED, S.UNSUBSCRIBED))
        found.append(Learnt(at=opened_at + rng.uniform(5, 60), status=status))
    return found


def _failed(rng: random.Random, channel: Channel) -> Story:
    only = Try(at=rng.uniform(0.02, 0.4), seconds=_seconds(rng))
    said = rng.choice(BOUNCES if channel == Channel.EMAIL else UNDELIVERED)
    failed = Learnt(at=only.until + rng.lognormvariate(2.5, 1), status=S.FAILED, detail=said)
    accepted = Learnt(at=only.until, status=S.ACCEPTED)
    return Story(tries=(only,), learnt=(accepted, failed), state=State.FAILED)


def _rejected(rng: random.Random, channel: Channel) -> Story:
    said = rng.choice(REFUSED_MAIL if channel == Channel.EMAIL else REFUSED)
    only = Try(at=rng.uniform(0.02, 0.4), seconds=_seconds(rng), outcome="rejected", detail=said)
    learnt = Learnt(at=only.until, status=S.REJECTED, detail=said)
    return Story(tries=(only,), learnt=(learnt,), state=State.REJECTED)


def _suppressed(rng: random.Random, channel: Channel) -> Story:
    said = "the address has been suppressed since"
    only = Try(at=rng.uniform(0.02, 0.4), seconds=0.0, outcome="not_sendable", detail=said)
    learnt = Learnt(at=only.until, status=S.REJECTED, detail=said)
    return Story(tries=(only,), learnt=(learnt,), state=State.REJECTED)


def _unavailable(rng: random.Random) -> Try:
    said = rng.choice(AWAY)
    return Try(
        at=rng.uniform(0.02, 0.4), seconds=rng.uniform(0.2, 4), outcome="unavailable", detail=said
    )


def _retried(rng: random.Random, channel: Channel) -> Story:
    first = _unavailable(rng)
    told = _delivered(rng, channel, first, at=first.until + 2 + rng.random())
    last = told.tries[-1]
    again = Try(at=last.at, seconds=last.seconds)
    return Story(tries=(first, again), learnt=told.learnt)


def _moved(rng: random.Random, channel: Channel) -> Story:
    first = _unavailable(rng)
    return _delivered(rng, channel, first, at=first.until + rng.uniform(0.05, 0.4))


def _parked(rng: random.Random, channel: Channel) -> Story:
    said = "the request was written and no answer came"
    only = Try(at=rng.uniform(0.02, 0.4), seconds=30.0, outcome="unknown", detail=said)
    return Story(tries=(only,), state=State.UNKNOWN)


def _seconds(rng: random.Random) -> float:
    return min(8.0, rng.lognormvariate(-1.6, 0.6))


FATES: Mapping[Callable[[random.Random, Channel], Story], float] = {
    _delivered: 90,
    _failed: 4,
    _rejected: 1.6,
    _retried: 2,
    _moved: 1.6,
    _suppressed: 0.6,
    _parked: 0.2,
}
AWAY: Sequence[str] = ("HTTP 503", "the connection was refused", "421 4.3.2 try again later")
BOUNCES: Sequence[str] = ("552 5.2.2 mailbox full", "550 5.1.1 no such mailbox", "host not found")
UNDELIVERED: Sequence[str] = ("absent subscriber", "unknown subscriber", "handset out of memory")
REFUSED_MAIL: Sequence[str] = ("550 5.7.1 refused by policy", "553 5.1.3 bad destination")
REFUSED: Sequence[str] = ("HTTP 400, code 7003: invalid destination", "blocked by the operator")
