"""Messages, the tries to send them, what was learnt about them, and what waits beside them."""

from messages_app.models.delivered_part import DeliveredPart
from messages_app.models.inbox_entry import InboxEntry, Wait
from messages_app.models.lengths import DETAIL_LENGTH, PROVIDER_ID_LENGTH, WORD_LENGTH
from messages_app.models.message import (
    EXPIRING,
    NEVER_TRIED,
    OPEN,
    UID_LENGTH,
    Message,
    State,
    never_tried,
)
from messages_app.models.relay import NOT_TAKEN, Relay, RelayKind, RelayListener, RelayOutcome
from messages_app.models.send_attempt import SendAttempt
from messages_app.models.status_event import StatusEvent
from messages_app.models.strike import Strike
from messages_app.models.tally import Counted, Measure, Span, Tally
from messages_app.models.walk import BEFORE_ALL, LeftBehind, Stage, WalkMark
from messages_app.models.word_mapping import WordMapping

__all__ = [
    "BEFORE_ALL",
    "DETAIL_LENGTH",
    "NEVER_TRIED",
    "NOT_TAKEN",
    "OPEN",
    "PROVIDER_ID_LENGTH",
    "UID_LENGTH",
    "EXPIRING",
    "WORD_LENGTH",
    "Counted",
    "DeliveredPart",
    "InboxEntry",
    "LeftBehind",
    "Measure",
    "Message",
    "Relay",
    "RelayKind",
    "RelayListener",
    "RelayOutcome",
    "SendAttempt",
    "Span",
    "Stage",
    "State",
    "StatusEvent",
    "Strike",
    "Tally",
    "Wait",
    "WalkMark",
    "WordMapping",
    "never_tried",
]
