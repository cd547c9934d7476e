"""What the clock does every second: lost leases taken back, expired messages closed, and the
counting."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from gateway_project.lib.batches import for_a_while
from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.journal import about, step
from gateway_project.lib.transactions import writing
from gateways import breakers, configuration
from gateways.api.platform.repeats import forget_answers
from gateways.models.gateway import OnUnknown
from gateways.values import GatewayValues
from messages_app.counting.folding import fold
from messages_app.counting.recounting import recount
from messages_app.events import fail
from messages_app.guarding.watching import Guarding
from messages_app.losses import decide
from messages_app.models import EXPIRING, Message, State
from messages_app.pruning.rounds import prune_round
from messages_app.receipts import miss_receipts
from messages_app.relaying.keeping import forget_relays
from messages_app.relaying.losses import take_back_lost_relays
from messages_app.routes import gateways_for, is_usable
from messages_app.tries import in_doubt_at
from messages_app.walking import Resting
from users.directories.copies import forget_copies, is_emptied
from users.directories.refreshing import want_fresh
from users.lifting import forget_liftings
from users.missing import forget_missing
from users.radar import forget_hours

logger = logging.getLogger(__name__)

BATCH = 500
BUSY_SECONDS = 0.5
"""With one duty, or one gateway's messages, at every tick; each batch is a transaction of its
own."""
WORKER_LOST = "the worker was lost while it was sending"


def take_back_lost_leases() -> int:
    """Decides for messages whose worker has died while it sent them; answers how many."""
    return _in_batches(_take_back)


def _in_batches(batch: Callable[[], int]) -> int:
    """Until one is not full: a campaign whose time is over is not to trickle away."""
    return for_a_while(batch, lambda done: done == BATCH, seconds=BUSY_SECONDS)


def _take_back() -> int:
    with writing():
        now = database_now()
        lost = Message.objects.filter(state=State.SENDING, lease_until__lte=now)
        messages = _first_of(lost.order_by("lease_until"))
        decide(messages, WORKER_LOST, now)
    if messages:
        with about(*(message.pk for message in messages)):
            logger.warning("%d messages were taken back from lost workers", len(messages))
    for message in messages:
        step(message.pk, "%s: %s", WORKER_LOST, message.state, went_well=False)
    return len(messages)


def close_expired() -> int:
    """Fails messages that have waited too long, each once; answers how many."""
    return _in_batches(_close)


def _close() -> int:
    with writing():
        now = database_now()
        expired = Message.objects.filter(EXPIRING, expires_at__lte=now)
        messages = {row.pk: row for row in _first_of(expired.order_by("expires_at"))}
        fail(messages, "expired", now=now)
    for message_id in messages:
        step(message_id, "it has waited too long: expired", went_well=False)
    return len(messages)


def _first_of(rows: "QuerySet[Message]") -> list[Message]:
    """A batch, locked, in the order of its ids.

    Taken in the order of an index that holds nothing else: by the ids, a server may walk through
    all the messages there are. Who waits for no lock may take them in any order.
    """
    return sorted(skipping_locked(rows).defer("content")[:BATCH], key=lambda row: row.pk)


def move_from_unusable_gateways() -> int:
    """Gives what waits at a gateway that sends nothing to the best that does; answers how many.

    Such a gateway is inactive, or its provider does not answer, has asked for no calls or has
    refused the account. What a person or the blast guard has paused is held, whatever its provider
    does. Where no other fits, a message goes on waiting until one does or it expires.
    """
    gateways = configuration.current().gateways.values()
    return sum(_move_for_a_while(each, gateways) for each in gateways if _gives_away(each))


def _gives_away(gateway: GatewayValues) -> bool:
    if gateway.is_active and gateway.is_paused and not gateway.is_at_fault:
        return False
    return _is_left(gateway) or breakers.is_held(gateway.id)


def _is_left(gateway: GatewayValues) -> bool:
    return not gateway.is_active or gateway.is_at_fault or breakers.is_broken(gateway.id)


def _move_for_a_while(gateway: GatewayValues, all_of_them: Iterable[GatewayValues]) -> int:
    return for_a_while(
        lambda: _move_from(gateway, all_of_them),
        lambda _: gateway.id in _reached,
        seconds=BUSY_SECONDS,
    )


def _move_from(gateway: GatewayValues, all_of_them: Iterable[GatewayValues]) -> int:
    """Moves a batch, beginning where the last one ended, the longest due first. Of whom nothing is
    known any more, the directory is asked: they move at another tick."""
    if not any(_may_stand_in(other, gateway) for other in all_of_them):
        return 0
    by_gateway: defaultdict[int, list[UUID]] = defaultdict(list)
    with writing():
        messages = _next_waiting(gateway)
        for message in messages:
            usable = filter(is_usable, gateways_for(message))
            if (best := next(usable, None)) is not None:
                by_gateway[best.id].append(message.pk)
        now = database_now()
        for gateway_id, ids in by_gateway.items():
            Message.objects.filter(pk__in=ids).update(gateway_id=gateway_id, due_at=now)
    _ask_about_emptied(messages, gateway, now)
    return sum(map(len, by_gateway.values()))


def _ask_about_emptied(messages: Iterable[Message], gateway: GatewayValues, now: datetime) -> None:
    """After the move: who erases a user locks the user first, and then the messages."""
    label = configuration.current().labels[gateway.label_id]
    users = [message.end_user for message in messages if message.end_user]
    want_fresh((user.pk for user in users if is_emptied(label, user)), now)


def _may_stand_in(other: GatewayValues, gateway: GatewayValues) -> bool:
    is_alike = (other.label_id, other.channel) == (gateway.label_id, gateway.channel)
    return is_alike and other.id != gateway.id and is_usable(other)


def _next_waiting(gateway: GatewayValues) -> list[Message]:
    """The next batch of those that wait there: the first again after the last. Not what it may
    have sent already.

    Of a gateway that only rests for a moment, those that are due: what has been tried waits for its
    next try, or two that rest in turn would use its tries up between them.
    """
    waiting = Message.objects.filter(gateway=gateway.id, state=State.QUEUED, is_test=False)
    if not _is_left(gateway):
        waiting = waiting.filter(due_at__lte=moment())
    if gateway.on_unknown != OnUnknown.REPEAT:
        waiting = waiting.filter(Q(attempts=0) | ~in_doubt_at(gateway.id))
    reached = _reached.pop(gateway.id, None)
    if reached is not None:
        due_at, pk = reached
        waiting = waiting.filter(Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=pk))
    rows = skipping_locked(waiting.order_by("due_at", "pk")).select_related("end_user")
    messages = list(rows.defer("content")[:BATCH])
    if len(messages) == BATCH and messages[-1].due_at is not None:
        _reached[gateway.id] = (messages[-1].due_at, messages[-1].pk)
    return messages


_reached: dict[int, tuple[datetime, UUID]] = {}
"""By gateway, when the last message was due that was looked at, and which one that was: many are
due at one moment."""


DUTIES = (
    take_back_lost_leases,
    take_back_lost_relays,
    close_expired,
    move_from_unusable_gateways,
    recount,
    fold,
    Guarding(),
    forget_missing,
    forget_liftings,
    forget_hours,
    forget_copies,
    forget_relays,
    forget_answers,
    Resting(miss_receipts),
    Resting(prune_round),
)
"""Each for itself, so that one that breaks keeps none of the others from being done. Several clocks
may do them at once: what two do together comes out as if one had done it."""
