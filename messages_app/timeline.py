"""The story of a message as its rows tell it: accepted, routed, tried, what was learnt. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from gateway_project.lib.vocabulary import Status
from messages_app.causes import Cause
from messages_app.models import Message, SendAttempt, StatusEvent
from messages_app.statuses import ENDS
from users.masking import mask_text

MILLISECOND = timedelta(milliseconds=1)
UNITS = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)


class Tone(StrEnum):
    """How good the news is: the colours of the theme's labels."""

    GOOD = "success"
    BAD = "danger"
    CAREFUL = "warning"
    PLAIN = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened, or that is waited for. It holds no address and no content."""

    at: datetime
    icon: str
    title: str
    tone: Tone = Tone.PLAIN
    badge: str = ""
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    gap: str = ""

    @property
    def day(self) -> str:
        return f"{self.at:%Y-%m-%d}"

    @property
    def clock(self) -> str:
        """The time of day in UTC, with milliseconds."""
        return f"{self.at:%H:%M:%S}.{self.at.microsecond // 1000:03}"


OUTCOMES = {
    "accepted": ("taken", Tone.GOOD, "send"),
    "rejected": ("refused", Tone.BAD, "block"),
    "unavailable": ("not available", Tone.CAREFUL, "cloud_off"),
    "misconfigured": ("account at fault", Tone.BAD, "manufacturing"),
    "refused_together": ("refused with others", Tone.CAREFUL, "group_off"),
    "unknown": ("outcome unknown", Tone.CAREFUL, "help"),
    "not_taken": ("not taken", Tone.CAREFUL, "undo"),
    "not_sendable": ("not sent", Tone.BAD, "cancel_schedule_send"),
}
"""A try's outcome: in words, how good it is, its icon."""

MEANINGS = {
    "refused_together": "Several left in one call, which was refused: each goes again by itself.",
    "misconfigured": "The gateway was paused: its account has to be looked at.",
    "unknown": "The request was written and no answer came: the provider may have it or not.",
    "not_taken": "No answer came. The provider was asked later: it never took the message.",
    "not_sendable": "No provider was asked.",
}

BY_MACHINE = "Probably a machine's doing: too soon for a person, or the provider says so."

STATUS_TONES = {
    Status.ACCEPTED: Tone.PLAIN,
    Status.DELIVERED: Tone.GOOD,
    Status.OPENED: Tone.GOOD,
    Status.CLICKED: Tone.GOOD,
    Status.FAILED: Tone.BAD,
    Status.REJECTED: Tone.BAD,
    Status.COMPLAINED: Tone.CAREFUL,
    Status.UNSUBSCRIBED: Tone.CAREFUL,
}
STATUS_ICONS = {
    Status.ACCEPTED: "done",
    Status.DELIVERED: "done_all",
    Status.OPENED: "drafts",
    Status.CLICKED: "ads_click",
    Status.FAILED: "error",
    Status.REJECTED: "block",
    Status.COMPLAINED: "flag",
    Status.UNSUBSCRIBED: "unsubscribe",
}


def story(
    message: Message, attempts: Iterable[SendAttempt], events: Iterable[StatusEvent]
) -> list[Entry]:
    """All that this floor knows of the message, in its order."""
    entries = [_accepted(message)]
    if message.chosen_because:
        entries.append(_routed(message))
    if message.requeued_at:
        entries.append(_requeued(message.requeued_at))
    if message.pruned_at:
        entries.append(_pruned(message.pruned_at, message.pruned_statuses))
    entries += map(_tried, attempts)
    entries += map(_learnt, events)
    return in_order(entries)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By time, each with the gap to the one before it; what came at once stays as it is given."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    told = []
    before: datetime | None = None
    for entry in ordered:
        gap = entry.at - (before or entry.at)
        told.append(replace(entry, gap=in_words(gap) if gap >= MILLISECOND else ""))
        before = entry.at
    return told


def in_words(length: timedelta) -> str:
    """A length of time as one reads it: 120 ms, 1.2 s, 3 min 5 s, 2 h 5 min, 3 d 4 h."""
    if length < timedelta(seconds=1):
        return f"{max(length // MILLISECOND, 0)} ms"
    if length < timedelta(minutes=1):
        return f"{length.total_seconds():.1f} s"
    for (size, unit), (part, part_unit) in pairwise(UNITS):
        if length >= size:
            rest = length % size // part
            return f"{length // size} {unit}" + (f" {rest} {part_unit}" if rest else "")
    raise AssertionError("a minute is the least of the units")


def exactly(at: datetime) -> str:
    """A moment in UTC, to the millisecond."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def _accepted(message: Message) -> Entry:
    facts = (
        ("uid", mask_text(message.uid)),
        ("Template", str(message.template.name) if message.template else ""),
        ("Preview", message.activity_type),
    )
    return Entry(
        at=message.created_at,
        icon="call_received",
        title="A test by hand" if message.is_test else "Accepted from Smartico",
        facts=_given(facts),
        lines=tuple(map(_sentence, message.notes)),
    )


def _routed(message: Message) -> Entry:
    name, _, why = message.chosen_because.rpartition(": ")
    return Entry(
        at=message.created_at,
        icon="alt_route",
        title=f"Routed to {name}" if name else "Routed",
        lines=(_sentence(why),),
    )


def _requeued(at: datetime) -> Entry:
    line = "As the same message; its tries and its expiry are counted anew."
    return Entry(at=at, icon="replay", title="Queued again by a person", lines=(line,))


def _pruned(at: datetime, statuses: Iterable[str]) -> Entry:
    told = ", ".join(Status(status).label.lower() for status in statuses)
    line = f"It had been learnt: {told}." if told else "Nothing had been learnt."
    return Entry(at=at, icon="auto_delete", title="Details removed with age", lines=(line,))


def _tried(attempt: SendAttempt) -> Entry:
    badge, tone, icon = OUTCOMES.get(attempt.outcome, (attempt.outcome, Tone.PLAIN, "send"))
    speaker = "Because" if attempt.outcome == "not_sendable" else "Provider's answer"
    facts = (
        (speaker, attempt.detail),
        ("Cause", _cause(attempt)),
        ("Provider's id", attempt.provider_id),
        ("Took", in_words(attempt.finished_at - attempt.started_at)),
    )
    return Entry(
        at=attempt.started_at,
        icon=icon,
        title=f"Try {attempt.number} at {attempt.gateway.name}",
        tone=tone,
        badge=badge,
        lines=_given_lines(MEANINGS.get(attempt.outcome, "")),
        facts=_given(facts),
    )


def _learnt(event: StatusEvent) -> Entry:
    status = Status(event.status)
    is_late = event.recorded_at - event.occurred_at >= MILLISECOND
    facts = (
        ("Happened", exactly(event.occurred_at) if is_late else ""),
        ("In its words", event.detail),
        ("Cause", _cause(event)),
    )
    return Entry(
        at=event.recorded_at,
        icon=STATUS_ICONS[status],
        title=f"Learnt that it was {status.label.lower()}",
        tone=STATUS_TONES[status],
        badge="" if event.is_reported else "not told",
        lines=_given_lines(
            BY_MACHINE if event.is_machine else "",
            "" if event.is_reported else _why_not_told(event),
        ),
        facts=_given(facts),
    )


def _why_not_told(event: StatusEvent) -> str:
    if event.is_machine:
        return "Kept and not reported: the label has it so for what machines do."
    if event.status in ENDS:
        return "Kept and not reported: the message had ended already, or had been delivered."
    return "Kept and not reported: Smartico knows a later status already."


def _cause(row: SendAttempt | StatusEvent) -> str:
    return f"{row.cause}: {Cause(row.cause).label.lower()}" if row.cause else ""


def _given(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in facts if value)


def _given_lines(*lines: str) -> tuple[str, ...]:
    return tuple(filter(None, lines))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
