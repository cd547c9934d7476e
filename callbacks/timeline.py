"""The part of a message's story that Smartico was told. Pure over the rows."""

from collections.abc import Iterable
from datetime import datetime

from callbacks.answers import Outcome
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from gateways.models import Label
from messages_app.models import StatusEvent
from messages_app.timeline import Entry, Tone, exactly, in_words

OUTCOMES = {
    Outcome.ACKNOWLEDGED: ("acknowledged", Tone.GOOD),
    Outcome.NOT_FOUND: ("not known there", Tone.CAREFUL),
    Outcome.REFUSED: ("refused", Tone.BAD),
    Outcome.UNAUTHORISED: ("api_key turned away", Tone.BAD),
    Outcome.FAILED: ("no good answer", Tone.CAREFUL),
}
ENDS = {
    Settlement.MISMATCH: "Smartico does not know the message: given up.",
    Settlement.DEAD: "Out of tries: given up.",
}


def told(deliveries: Iterable[CallbackDelivery]) -> list[Entry]:
    """Every try to tell Smartico, and what became of it. The tries must have been loaded."""
    return [entry for delivery in deliveries for entry in _tries(delivery)]


def untold(events: Iterable[StatusEvent], deliveries: Iterable[CallbackDelivery]) -> list[Entry]:
    """The statuses that were to be reported and are owed to nobody."""
    owed = {delivery.status for delivery in deliveries}
    return [
        Entry(
            at=event.recorded_at,
            icon="phone_disabled",
            title=f"No callback of {event.status}",
            lines=("A test, a status the label does not ask for, or no callback_url.",),
        )
        for event in events
        if event.is_reported and event.status not in owed
    ]


def waits(deliveries: Iterable[CallbackDelivery], label: Label, now: datetime) -> list[Entry]:
    """What is still owed, and why it waits."""
    return [_wait(delivery, label, now) for delivery in deliveries if is_owed(delivery)]


def is_owed(delivery: CallbackDelivery) -> bool:
    return delivery.settlement == Settlement.OWED


def _tries(delivery: CallbackDelivery) -> list[Entry]:
    entries = [_tried(attempt, delivery) for attempt in delivery.delivery_attempts.all()]
    if delivery.settlement in ENDS and delivery.settled_at:
        entries.append(
            Entry(
                at=delivery.settled_at,
                icon="phone_disabled",
                title=f"Callback of {delivery.status} ended",
                tone=Tone.BAD,
                badge=Settlement(delivery.settlement).label.lower(),
                lines=(ENDS[Settlement(delivery.settlement)],),
            )
        )
    return entries


def _tried(attempt: DeliveryAttempt, delivery: CallbackDelivery) -> Entry:
    badge, tone = OUTCOMES.get(Outcome(attempt.outcome), (attempt.outcome, Tone.PLAIN))
    answer = " ".join(filter(None, (_http(attempt), attempt.detail)))
    facts = (
        ("Smartico's answer", answer),
        ("Took", in_words(attempt.finished_at - attempt.started_at)),
    )
    return Entry(
        at=attempt.started_at,
        icon="phone_callback" if tone == Tone.GOOD else "phone_missed",
        title=f"Told Smartico: {delivery.status}",
        tone=tone,
        badge=badge,
        facts=tuple((name, value) for name, value in facts if value),
    )


def _http(attempt: DeliveryAttempt) -> str:
    """Where the words do not name it themselves."""
    named = f"HTTP {attempt.http_status}"
    return "" if attempt.http_status is None or named in attempt.detail else named


def _wait(delivery: CallbackDelivery, label: Label, now: datetime) -> Entry:
    if label.callbacks_suspended_at:
        lines = [f"The label's callbacks are suspended: {label.callbacks_suspended_because}."]
    elif delivery.lease_until and delivery.lease_until > now:
        lines = ["It is being told right now."]
    elif delivery.due_at > now:
        lines = [f"Next try at {exactly(delivery.due_at)}."]
    else:
        lines = ["Due now, once its message's earlier statuses have been told."]
    return Entry(
        at=now,
        icon="phone_in_talk",
        title=f"Smartico is owed: {delivery.status}",
        tone=Tone.CAREFUL if delivery.attempts or label.callbacks_suspended_at else Tone.PLAIN,
        badge=f"{delivery.attempts} tries" if delivery.attempts else "",
        lines=tuple(lines),
    )
