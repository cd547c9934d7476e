"""What the relays add to the export of an end user: what others were told, and are to be told."""

from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from gateway_project.lib.vocabulary import Channel
from messages_app.models import Relay
from messages_app.relaying.owing import notice_subject
from users.exporting import shown
from users.models import EndUser
from users.signals import end_user_exported

WAITING = "waiting"


@receiver(end_user_exported)
def relays_about(sender: Any, end_user: EndUser, **kwargs: Any) -> dict[str, Any]:
    """All that are kept, about the person and the addresses, the oldest first; with what they say
    as long as that is kept."""
    whose = Q(end_user=end_user) | Q(subject__in=_subjects(end_user))
    rows = Relay.objects.filter(whose, label=end_user.label_id)
    return {"relays": [_relay(row) for row in rows.select_related("gateway").order_by("pk")]}


def _subjects(user: EndUser) -> set[str]:
    """How opt-outs and opt-ins name the addresses: to providers, and to the label's listeners."""
    by_channel = {channel: user.address_index(channel) for channel in Channel.values}
    notices = {notice_subject(channel, index) for channel, index in by_channel.items() if index}
    return notices | ({user.email_index} if user.email_index else set())


def _relay(row: Relay) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "told_to": row.gateway.slug if row.gateway else row.listener,
        "at": row.created_at.isoformat(),
        "outcome": row.outcome or WAITING,
        "settled_at": row.settled_at.isoformat() if row.settled_at else None,
        "content": shown(row.payload),
    }
