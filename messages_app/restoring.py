"""After a backup was restored: what waited when it was made may have been sent since."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.losses import decide
from messages_app.models import Message, Relay, State
from messages_app.relaying.losses import take_back_lost_relays
from messages_app.resending import Messages, in_batches

RESTORED = "restored from a backup: it may have been sent since"


def waiting_then() -> Messages:
    """Messages that no provider had, or may have had, when the backup was made."""
    return Message.objects.filter(state__in=(State.QUEUED, State.SENDING))


def doubt(messages: Messages) -> Counter[str]:
    """Decides for these as for those of a lost worker: they wait on only where a repeat does no
    harm. Answers how many came to which state."""
    states: Counter[str] = Counter()

    def act(rows: Iterable[Message], now: datetime) -> int:
        doubted = list(rows)
        for row in doubted:
            row.attempts += row.state == State.QUEUED
        Message.objects.bulk_update(doubted, ["attempts"])
        decide(doubted, RESTORED, now)
        states.update(str(row.state) for row in doubted)
        return len(doubted)

    in_batches(messages, act)
    return states


def doubt_relays() -> int:
    """The same for what is told beside messages; answers how many were waiting."""
    with writing():
        waiting = Relay.objects.filter(settled_at=None)
        count: int = waiting.update(lease=uuid4(), due_at=database_now())
    while take_back_lost_relays():
        pass
    return count
