"""What the messages add to the export of an end user."""

from typing import Any

from django.dispatch import receiver

from messages_app.models import InboxEntry, Message, SendAttempt, StatusEvent
from users.exporting import shown
from users.models import EndUser
from users.signals import end_user_exported


@receiver(end_user_exported)
def messages_of(sender: Any, end_user: EndUser, **kwargs: Any) -> dict[str, Any]:
    """All messages that are kept, the oldest first, with what they said as long as that is kept."""
    rows = Message.objects.filter(end_user=end_user).select_related("gateway").order_by("pk")
    return {"messages": [_message(row) for row in rows.prefetch_related(*RELATED)]}


@receiver(end_user_exported)
def reports_about(sender: Any, end_user: EndUser, **kwargs: Any) -> dict[str, Any]:
    """What providers have reported about the addresses, and no message is known for."""
    indexes = [index for index in (end_user.email_index, end_user.phone_index) if index]
    rows = InboxEntry.objects.filter(
        gateway__label=end_user.label_id, address_index__in=indexes, applied_at=None
    )
    return {
        "unmatched_reports": [
            {"status": row.status or row.word, "at": row.occurred_at.isoformat()}
            for row in rows.order_by("pk")
        ]
    }


RELATED = ("send_attempts", "status_events")


def _message(message: Message) -> dict[str, Any]:
    return {
        "ext_message_id": str(message.pk),
        "uid": message.uid,
        "channel": message.channel,
        "accepted_at": message.created_at.isoformat(),
        "gateway": message.gateway.slug,
        "status": message.status,
        "content": shown(message.content),
        "tries": [_try(each) for each in message.send_attempts.all()],
        "statuses": [_event(each) for each in message.status_events.all()],
        "earlier_statuses": message.pruned_statuses,
    }


def _try(attempt: SendAttempt) -> dict[str, Any]:
    return {
        "at": attempt.started_at.isoformat(),
        "outcome": attempt.outcome,
        "provider_id": attempt.provider_id,
        "sent": shown(attempt.rendered),
    }


def _event(event: StatusEvent) -> dict[str, Any]:
    return {
        "status": event.status,
        "at": event.occurred_at.isoformat(),
        "probably_a_machine": event.is_machine,
    }
