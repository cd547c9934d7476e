"""Which messages log lines are about, and one line for each step of a message.

Whatever is logged while `about` some messages bears their ids, through web, worker and callbacks.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from structlog.typing import EventDict, WrappedLogger

FIELDS = ("message_id", "message_ids")
MOST_NAMED = 20
"""In one line; a batch may have a thousand."""

logger = logging.getLogger(__name__)

_ids: ContextVar[tuple[UUID, ...]] = ContextVar("message_ids", default=())
"""Put into words only where something is logged: hardly any message is worth a line."""


@contextmanager
def about(*message_ids: UUID) -> Iterator[None]:
    """Until it is left, this context's lines bear these ids. Calls and threads that are given the
    context bear them as well."""
    token = _ids.set(message_ids or _ids.get())
    try:
        yield
    finally:
        _ids.reset(token)


@contextmanager
def by_itself() -> Iterator[None]:
    """What is added by `also_about` ends here; what stood before comes back."""
    token = _ids.set(())
    try:
        yield
    finally:
        _ids.reset(token)


def also_about(message_id: UUID) -> None:
    """For the rest of the present request: which message it is about has just been found out."""
    _ids.set((message_id,))


def named() -> dict[str, object]:
    """What this context's lines bear."""
    return _named(_ids.get())


def name_messages(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that has an event bear them."""
    return {**named(), **event}


def step(message_id: UUID, text: str, *arguments: object, went_well: bool = True) -> None:
    """One step on a message's way. Where it went well only at the level DEBUG: at some hundred
    messages a second such lines would cost more than anything else a worker does."""
    level = logging.DEBUG if went_well else logging.INFO
    if logger.isEnabledFor(level):
        with about(message_id):
            logger.log(level, text, *arguments)


def _named(message_ids: tuple[UUID, ...]) -> dict[str, object]:
    if not message_ids:
        return {}
    if len(message_ids) == 1:
        return {"message_id": str(message_ids[0])}
    first = [str(each) for each in message_ids[:MOST_NAMED]]
    return {"message_ids": first, "messages": len(message_ids)}
