"""Messages by any id they are known by: their own, Smartico's uid, or a provider's."""

from collections.abc import Collection
from uuid import UUID

from gateway_project.lib.identifiers import read_id
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from messages_app.models import Message, SendAttempt
from messages_app.repeats import uid_key

MOST_FOUND = 50


def messages_known_as(text: str, label_ids: Collection[int]) -> list[Message]:
    """The labels' messages that have this id; the newest first, at most 50.

    Every lookup is one probe of an index for each label or gateway, whatever there is to find.
    """
    if not text:
        return []
    messages = Message.objects.filter(label_id__in=label_ids)
    found = {
        row.pk: row
        for rows in (
            messages.filter(pk__in=filter(None, [read_id(text)])),
            messages.filter(channel__in=Channel.values, repeat_key=uid_key(text)),
            messages.filter(uid=text).exclude(activity_type=""),
            messages.filter(pk__in=_message_ids(text, label_ids)),
        )
        for row in rows.select_related("label")[:MOST_FOUND]
    }
    return sorted(found.values(), key=lambda row: row.pk, reverse=True)[:MOST_FOUND]


def _message_ids(provider_id: str, label_ids: Collection[int]) -> list[UUID]:
    """Of messages that went out under this id of the provider's."""
    gateways = configuration.current().gateways.values()
    gateway_ids = [gateway.id for gateway in gateways if gateway.label_id in label_ids]
    tried = SendAttempt.objects.filter(gateway_id__in=gateway_ids, provider_id=provider_id)
    return list(tried.values_list("message_id", flat=True)[:MOST_FOUND])
