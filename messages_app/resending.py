"""Messages that go again by a person's word: now instead of later, or anew after their end."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.kicks import kick
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel, Status
from gateways import configuration
from gateways.values import GatewayValues
from messages_app.events import ENDED_AS, locked_messages
from messages_app.lifetimes import lifetime
from messages_app.models import Message, Stage, State, StatusEvent
from messages_app.routes import gateways_for, preferred
from messages_app.statuses import RUNG
from messages_app.walking import leave_behind
from users.models import EndUser, Suppression

BATCH = 500
ENDED = frozenset(ENDED_AS.values())
REACHED = [status for status in RUNG if status != Status.ACCEPTED]
"""What proves that the person has it."""

CONTINUE_AFTER = UUID(int=0)

Messages = QuerySet[Message]
Tell = Callable[[int], None]
"""Is told how many have been done so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which messages are meant; what is left out does not narrow it.

    `since` and `until` are about when a message was accepted, the first included, the second not.
    """

    label: str | None = None
    message: UUID | None = None
    statuses: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def messages(self) -> Messages:
        conditions = {
            "label__slug": self.label,
            "pk": self.message,
            "status__in": list(self.statuses) or None,
            "pk__gte": self.since and first_id(self.since),
            "pk__lt": self.until and first_id(self.until),
        }
        given = {name: value for name, value in conditions.items() if value is not None}
        return Message.objects.filter(**given)


def waiting(messages: Messages) -> Messages:
    """Those that wait for a later try."""
    return messages.filter(state=State.QUEUED, due_at__gt=moment())


def resendable(messages: Messages) -> Messages:
    """Those that failed or were rejected and may go again.

    Not what has reached the person before it failed, what has lost its content or its end user,
    and what goes to an address that is suppressed.
    """
    reached = StatusEvent.objects.filter(message=OuterRef("pk"), status__in=REACHED)
    by_email = Q(channel=Channel.EMAIL, address_index=OuterRef("end_user__email_index"))
    by_phone = Q(channel__in=PHONE_CHANNELS, address_index=OuterRef("end_user__phone_index"))
    suppressed = Suppression.objects.filter(
        by_email | by_phone, label=OuterRef("label"), channel=OuterRef("channel")
    )
    return messages.filter(
        ~Exists(reached),
        ~Exists(suppressed),
        Q(end_user__isnull=False) | Q(preview_address__isnull=False),
        state__in=ENDED,
        content__isnull=False,
    )


def retry(messages: Messages, tell: Tell = lambda done: None) -> int:
    """Makes those that wait for a later try due now; answers how many."""
    return in_batches(waiting(messages), _make_due, tell)


def resend(messages: Messages, tell: Tell = lambda done: None) -> int:
    """Queues those that failed or were rejected again, as the same messages with the same ids;
    answers how many. Their expiry and their tries are counted anew.
    """
    return in_batches(resendable(messages), _send_anew, tell)


def in_batches(
    messages: Messages,
    act: Callable[[Iterable[Message], datetime], int],
    tell: Tell = lambda done: None,
) -> int:
    """Acts on the messages, locked, each batch in a transaction; answers how many were acted on.

    In the order of their ids, as everywhere, so that two writers never deadlock.
    """
    done, last = 0, CONTINUE_AFTER
    while True:
        with writing():
            further = messages.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
            ids = list(further[:BATCH])
            if not ids:
                return done
            done += act(locked_messages(ids).values(), database_now())
            last = ids[-1]
        tell(done)


def requeue(rows: Iterable[Message], now: datetime) -> int:
    """Queues locked messages as if never tried, each at the gateway it names; answers how many."""
    alike: dict[tuple[int, str], list[UUID]] = {}
    for row in rows:
        alike.setdefault((row.gateway_id, row.channel), []).append(row.pk)
    for (gateway_id, channel), ids in alike.items():
        gateway = configuration.current().gateways[gateway_id]
        Message.objects.filter(pk__in=ids).update(
            state=State.QUEUED,
            gateway_id=gateway_id,
            attempts=0,
            due_at=now,
            expires_at=now + lifetime(gateway, Channel(channel)),
            requeued_at=now,
            ended_at=None,
            lease=None,
            lease_until=None,
        )
        leave_behind(Stage.RECEIPT, dict.fromkeys(ids, now + _time_of_receipt(gateway)))
        _kick(gateway_id)
    return sum(map(len, alike.values()))


def _time_of_receipt(gateway: GatewayValues) -> timedelta:
    return configuration.current().labels[gateway.label_id].receipts.time


def _make_due(rows: Iterable[Message], now: datetime) -> int:
    queued = [row for row in rows if row.state == State.QUEUED]
    Message.objects.filter(pk__in=[row.pk for row in queued]).update(due_at=now)
    for gateway_id in {row.gateway_id for row in queued}:
        _kick(gateway_id)
    return len(queued)


def _send_anew(rows: Iterable[Message], now: datetime) -> int:
    """By the gateway that fits best now, where one does."""
    ended = [row for row in rows if row.state in ENDED]
    users = EndUser.objects.in_bulk({row.end_user_id for row in ended if row.end_user_id})
    for row in ended:
        row.end_user = users.get(row.end_user_id) if row.end_user_id else None
        fits = gateways_for(row)
        row.gateway_id = preferred(fits).id if fits else row.gateway_id
    return requeue(ended, now)


def _kick(gateway_id: int) -> None:
    transaction.on_commit(partial(kick, "send", str(gateway_id)))
