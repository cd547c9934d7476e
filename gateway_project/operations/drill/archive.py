"""The database's own book, read for the ledger check, and whether anything is under way in it."""

import time
from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from django.db.models import Q, QuerySet

from callbacks.answers import Outcome
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from gateway_project.lib.clock import database_now
from gateway_project.operations.drill.books import Debt, Row, Span, Standing
from messages_app.models import Message, SendAttempt, State, StatusEvent

STANDINGS: Mapping[str, Standing] = {
    State.QUEUED: Standing.QUEUED,
    State.SENDING: Standing.QUEUED,
    State.SENT: Standing.SENT,
    State.UNKNOWN: Standing.UNKNOWN,
    State.REJECTED: Standing.REJECTED,
    State.FAILED: Standing.FAILED,
}
HOLDERS = ("gateway", "brand", "label")
"""Of a message: what is queued is held where one of them is paused."""
HELD = Q(gateway__is_paused=True) | Q(brand__is_paused=True) | Q(label__is_paused=True)


def rows() -> list[Row]:
    """Every message."""
    learnt: defaultdict[UUID, list[str]] = defaultdict(list)
    causes: dict[UUID, str] = {}
    for event in StatusEvent.objects.order_by("pk").defer("detail"):
        learnt[event.message_id].append(event.status)
        if event.cause:
            causes[event.message_id] = event.cause
    provider_ids: defaultdict[UUID, set[str]] = defaultdict(set)
    for message_id, provider_id in _taken().values_list("message_id", "provider_id"):
        provider_ids[message_id].add(provider_id or "")
    return [
        Row(
            id=str(message.pk),
            uid=message.uid,
            standing=_standing(message),
            status=message.status,
            cause=causes.get(message.pk, ""),
            learnt=learnt[message.pk],
            was_taken=message.pk in provider_ids,
            provider_ids=provider_ids[message.pk],
        )
        for message in Message.objects.select_related(*HOLDERS).defer("content")
    ]


def _taken() -> "QuerySet[SendAttempt]":
    """The tries of which the database has it that the provider took the message."""
    return SendAttempt.objects.filter(outcome="accepted")


def _standing(message: Message) -> Standing:
    holders = (getattr(message, name) for name in HOLDERS)
    is_held = any(holder is not None and holder.is_paused for holder in holders)
    return Standing.HELD if is_held and message.state == State.QUEUED else STANDINGS[message.state]


def debts() -> list[Debt]:
    """Every status that is or was owed to Smartico, in the order in which they arose."""
    acknowledged = _spans(DeliveryAttempt.objects.filter(outcome=Outcome.ACKNOWLEDGED))
    unanswered = _spans(DeliveryAttempt.objects.filter(http_status=None))
    return [
        Debt(
            message_id=str(row.message_id),
            status=row.status,
            is_acknowledged=row.settlement == Settlement.ACKNOWLEDGED,
            acknowledged=acknowledged[row.pk],
            unanswered=unanswered[row.pk],
        )
        for row in CallbackDelivery.objects.order_by("pk")
    ]


def _spans(tries: "QuerySet[DeliveryAttempt]") -> defaultdict[int, list[Span]]:
    """By delivery when each try began and ended, in time.monotonic()."""
    now, clock = database_now(), time.monotonic()
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    for delivery_id, *moments in tries.values_list("delivery_id", "started_at", "finished_at"):
        began, ended = (clock - (now - moment).total_seconds() for moment in moments)
        spans[delivery_id].append((began, ended))
    return spans


def under_way() -> int:
    """How many messages are on their way out, or late in expiring, and statuses on theirs."""
    moving = Message.objects.filter(state__in=(State.QUEUED, State.SENDING))
    stays = HELD & Q(gateway__expires_after=None)
    return moving.exclude(stays).count() + CallbackDelivery.objects.owed().count()


def sending() -> int:
    """How many messages have been claimed and are not settled."""
    return Message.objects.filter(state=State.SENDING).count()


def due() -> int:
    """How many messages wait to be claimed now."""
    waiting = Message.objects.filter(state=State.QUEUED).exclude(HELD)
    return waiting.filter(due_at__lte=database_now()).count()
