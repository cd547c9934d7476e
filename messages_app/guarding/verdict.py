"""Whether what a gateway does in an hour lies outside of what is usual there. Pure over counts."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from gateways.values import GuardValues

HOUR = timedelta(hours=1)
LOOKED_BACK = timedelta(days=28)
SHARE_LOOKED_BACK = timedelta(days=7)
"""What comes of messages is kept by hours for that long only."""
LEFT_OUT = timedelta(hours=22)
"""The latest hours teach nothing: what goes wrong there must not become what is usual."""
APART = 1
"""An hour is compared with those that lay at most so many hours of the day from it: campaigns shift
a little, and clocks by one hour in spring and autumn."""
ENOUGH_DAYS = 7
ENOUGH_ENDED = 100
"""Of fewer messages that came to something, no share is told."""
MOST_SHARE = 0.95
"""However many fail as a rule, so many of them are always too many."""


class Kind(models.TextChoices):
    """What it was that lay outside."""

    VOLUME = "volume", "Too many messages"
    FAILURES = "failures", "Too many failures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one hour: the messages accepted for a gateway, and what others came to meanwhile."""

    accepted: int = 0
    went_well: int = 0
    failed: int = 0

    @property
    def ended(self) -> int:
        return self.went_well + self.failed

    @property
    def failed_share(self) -> float:
        return self.failed / self.ended if self.ended else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What was learnt for an hour: the most messages at its time of the day in four weeks, the
    share that fails at any time of the last of them, and from how many days."""

    most: int = 0
    failed_share: float = 0.0
    days: int = 0

    @property
    def is_learnt(self) -> bool:
        return self.days >= ENOUGH_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a gateway is to be held."""

    kind: Kind
    reason: str


def learn(past: Mapping[datetime, Counts], hour: datetime) -> Usual:
    """What is usual in that hour, after the full hours before it."""
    known = {
        at: counts for at, counts in past.items() if hour - LOOKED_BACK <= at <= hour - LEFT_OUT
    }
    alike = [counts.accepted for at, counts in known.items() if _is_alike(at, hour)]
    lately = [counts for at, counts in known.items() if hour - SHARE_LOOKED_BACK <= at]
    everything = Counts(
        went_well=sum(counts.went_well for counts in lately),
        failed=sum(counts.failed for counts in lately),
    )
    return Usual(
        most=max(alike, default=0),
        failed_share=everything.failed_share,
        days=(hour - min(known)).days if known else 0,
    )


def _is_alike(at: datetime, hour: datetime) -> bool:
    apart = abs(at.hour - hour.hour)
    return min(apart, 24 - apart) <= APART


def limit(guard: GuardValues, usual: Usual) -> int:
    """The most messages that may be accepted in the hour."""
    learnt = math.ceil(guard.times * usual.most) if usual.is_learnt else 0
    return max(guard.least, learnt)


def share_limit(guard: GuardValues, usual: Usual) -> float:
    """The largest share of them that may fail; more than all where that is not watched."""
    if guard.failure_share is None:
        return math.inf
    learnt = guard.times * usual.failed_share if usual.is_learnt else 0.0
    return max(guard.failure_share, min(learnt, MOST_SHARE))


def judge(
    guard: GuardValues, usual: Usual, present: Counts, *, struck: Collection[Kind] = ()
) -> Verdict | None:
    """The first that lies outside. `struck`: what it has held the gateway for in this hour already:
    who has released it since has seen that."""
    if Kind.VOLUME not in struck and present.accepted > limit(guard, usual):
        return Verdict(kind=Kind.VOLUME, reason=_too_many(guard, usual, present))
    is_enough = present.ended >= ENOUGH_ENDED
    too_many_fail = is_enough and present.failed_share > share_limit(guard, usual)
    if Kind.FAILURES not in struck and too_many_fail:
        return Verdict(kind=Kind.FAILURES, reason=_too_bad(usual, present))
    return None


def _too_many(guard: GuardValues, usual: Usual, present: Counts) -> str:
    compared = (
        f"usual at most {usual.most:,}"
        if usual.is_learnt
        else f"at most {guard.least:,} until a week is known"
    )
    return f"blast guard: {present.accepted:,} messages this hour, {compared}"


def _too_bad(usual: Usual, present: Counts) -> str:
    compared = f", usual {usual.failed_share:.0%}" if usual.is_learnt else ""
    return (
        f"blast guard: {present.failed_share:.0%} of {present.ended:,} messages failed this hour"
        f"{compared}"
    )
