"""Finding the message of a report that names only whom it went to, through the blind index."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery

from gateway_project.lib.vocabulary import Channel
from gateways.adapters import address_channel
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.models import Message
from users.addresses import email_index, phone_index
from users.models import EndUser

INDEX_FIELDS = {Channel.EMAIL: "email_index"}
PHONE_FIELD = "phone_index"


def address_index(gateway: GatewayValues, update: StatusUpdate) -> str:
    """The blind index of the address that the report names; empty where it names none."""
    channel = address_channel(gateway) if update.recipient else None
    if channel is None or update.recipient is None:
        return ""
    address = str(update.recipient.reveal())
    if channel == Channel.EMAIL:
        return email_index(address) or ""
    # Many providers leave the plus of an international number out.
    return phone_index(address) or phone_index(f"+{address.strip()}") or ""


def last_messages(
    gateway: GatewayValues,
    indexes: Collection[str],
    *,
    until: datetime,
    is_any_gateway: bool = False,
) -> dict[str, UUID]:
    """For each address the last message that was tried to it through this gateway until then.

    With `is_any_gateway` through any of the label's gateways on the same channel. Several users may
    share an address: the latest message of them all counts.
    """
    channel = address_channel(gateway) if indexes else None
    if channel is None:
        return {}
    name = INDEX_FIELDS.get(channel, PHONE_FIELD)
    tried = Message.objects.filter(end_user=OuterRef("pk"), created_at__lte=until).tried()
    where = {"channel": gateway.channel} if is_any_gateway else {"gateway": gateway.id}
    last = tried.filter(**where).order_by("-pk").values("pk")[:1]
    users = EndUser.objects.filter(**{"label": gateway.label_id, f"{name}__in": set(indexes)})
    found: dict[str, UUID] = {}
    for index, message_id in users.annotate(last=Subquery(last)).values_list(name, "last"):
        if message_id is not None:
            found[index] = max(message_id, found.get(index, message_id))
    return found
