"""What a message waits for now. Pure over its row and those of whom it belongs to."""

from datetime import datetime

from gateways.admin.gateway_state import reason_of, state_of
from gateways.models import Gateway
from messages_app.causes import NO_RECEIPT
from messages_app.models import Message, State
from messages_app.receipts import is_silent
from messages_app.timeline import Entry, Tone, exactly

UNDER_WAY = frozenset({State.QUEUED, State.SENDING})


def wait_of(
    message: Message,
    gateway: Gateway,
    *,
    reports: bool,
    now: datetime,
    missed_at: datetime | None = None,
    ask_at: datetime | None = None,
) -> Entry | None:
    """None where nothing is waited for. `reports` is whether the provider can tell a delivery, and
    `missed_at` when the message has failed without; None where it stays as it is. `ask_at` is when
    the provider is asked about it next."""
    match message.state:
        case State.QUEUED:
            return _queued(message, gateway, now)
        case State.SENDING:
            return _sending(message, now)
        case State.UNKNOWN:
            return _unknown(now, ask_at)
        case State.SENT if is_silent(message):
            return _sent(reports, now, missed_at)
    return None


def _queued(message: Message, gateway: Gateway, now: datetime) -> Entry:
    expires = f"It expires at {exactly(message.expires_at)}."
    if holder := _holder(message):
        return _wait(now, "pause_circle", f"Held: {holder}", expires, tone=Tone.CAREFUL)
    if gateway.is_paused:
        because = f": {gateway.paused_because}" if gateway.paused_because else ""
        held = f"Held: {gateway.name} is paused{because}"
        return _wait(now, "pause_circle", held, expires, tone=Tone.CAREFUL)
    if not gateway.is_active:
        held = f"Held: {gateway.name} is not active, and no other gateway fits"
        return _wait(now, "pause_circle", held, expires, tone=Tone.CAREFUL)
    if reason := reason_of(gateway, now):
        held = f"Held at {gateway.name}: {state_of(gateway, now)}"
        return _wait(now, "pause_circle", held, reason, expires, tone=Tone.CAREFUL)
    title = f"Waits for try {message.attempts + 1}"
    if message.due_at and message.due_at > now:
        return _wait(now, "schedule", title, f"Due at {exactly(message.due_at)}.", expires)
    return _wait(now, "schedule", title, "Due now: the next free worker takes it.", expires)


def _holder(message: Message) -> str:
    """Who has its messages held, whatever the gateway. A test is held by nobody."""
    if message.is_test:
        return ""
    if message.label.is_paused:
        return f"the label {message.label.name} is paused"
    is_held = message.brand is not None and message.brand.is_paused
    return f"the brand {message.brand.name} is paused" if is_held and message.brand else ""


def _sending(message: Message, now: datetime) -> Entry:
    until = message.lease_until
    if until is not None and until <= now:
        line = f"Its worker has not been heard of since {exactly(until)}: it is taken back soon."
        return _wait(now, "sync_problem", "Its worker seems lost", line, tone=Tone.CAREFUL)
    line = f"A worker holds it until {exactly(until)}." if until else "A worker holds it."
    return _wait(now, "sync", f"Try {message.attempts} is on its way", line)


def _unknown(now: datetime, ask_at: datetime | None) -> Entry:
    person = "It may have been sent or not. A person decides: count as sent, or send again."
    if ask_at is None:
        return _wait(now, "help", "A person's word is waited for", person, tone=Tone.CAREFUL)
    title = "The provider's word, or a person's, is waited for"
    asked = f"The provider is asked whether it has it, next at {exactly(ask_at)}."
    return _wait(now, "help", title, person, asked, tone=Tone.CAREFUL)


def _sent(reports: bool, now: datetime, missed_at: datetime | None) -> Entry:
    if reports:
        title = "Waits for the provider's report of the delivery"
        if missed_at is None:
            line = "Without one it stays as it is: the label does not report missing receipts."
        else:
            line = f'Without one it has failed soon after {exactly(missed_at)}: "{NO_RECEIPT}".'
        return _wait(now, "hourglass_top", title, line)
    return _wait(now, "task_alt", "Sent", "This provider reports no delivery: it ends here.")


def _wait(now: datetime, icon: str, title: str, *lines: str, tone: Tone = Tone.PLAIN) -> Entry:
    return Entry(at=now, icon=icon, title=title, lines=lines, tone=tone)
