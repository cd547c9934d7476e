"""From a stored message to what an adapter is given, with the address looked up at this moment."""

import logging
from collections.abc import Mapping
from typing import Any

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.journal import about
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.adapters import address_channel
from gateways.providers.base import GatewayUnavailable, OutboundMessage
from gateways.senders import SenderRefused, choose_reply_to, choose_sender
from gateways.values import GatewayValues
from messages_app.fields import REPLY_TO, sender_field
from messages_app.models import Message
from messages_app.outcomes import NotSendable
from users.models import EndUser

logger = logging.getLogger(__name__)


def outbound(message: Message, gateway: GatewayValues, *, is_suppressed: bool) -> OutboundMessage:
    """The message as it leaves through this gateway.

    Raises NotSendable, or GatewayUnavailable where the address or the content cannot be decrypted:
    that is ours to mend, so the message waits.
    """
    channel = Channel(message.channel)
    if message.end_user is None and not message.is_preview:
        raise NotSendable(Status.FAILED, "erased")
    if is_suppressed:
        raise NotSendable(Status.REJECTED, "suppressed")
    try:
        goes_to = address_channel(gateway)
        recipient = _recipient(message, goes_to) if goes_to else None
        content = message.content.reveal() if message.content is not None else None
        properties = message.end_user.opened_properties() if message.end_user else {}
    except Undecryptable:
        with about(message.pk):
            logger.error("message %s: its address or content cannot be decrypted", message.pk)
        raise GatewayUnavailable("cannot be decrypted with the present keys") from None
    if content is None:
        raise NotSendable(Status.FAILED, "erased")
    if recipient is None and goes_to is not None:
        raise NotSendable(Status.REJECTED, "the user has no address for this channel any more")
    return _outbound(message, gateway, channel, recipient, content, properties)


def _recipient(message: Message, channel: Channel) -> Personal | None:
    """Opened here, so that what cannot be opened is known before anything is called."""
    if message.is_preview:
        return Personal(message.preview_address.reveal()) if message.preview_address else None
    user: EndUser | None = message.end_user
    address = user.address(channel) if user is not None else None
    return Personal(address.reveal()) if address is not None else None


def _outbound(
    message: Message,
    gateway: GatewayValues,
    channel: Channel,
    recipient: Personal | None,
    content: Mapping[str, Any],
    properties: Mapping[str, Any],
) -> OutboundMessage:
    is_email = channel == Channel.EMAIL
    body, text_body = content.get("body") or "", content.get("text_body") or ""
    return OutboundMessage(
        id=str(message.pk),
        channel=channel,
        uid=message.uid,
        recipient=recipient,
        ext_user_id=str(content.get("ext_user_id", "")),
        sender=_sender(gateway, content, channel),
        reply_to=_reply_to(gateway, content) if is_email else "",
        subject=(content.get("subject") or "") if is_email else "",
        text=text_body if is_email else body,
        html=body if is_email else "",
        received=content if channel == Channel.CUSTOM_IM else {},
        properties=properties,
        expires_at=message.expires_at,
    )


def _sender(gateway: GatewayValues, content: Mapping[str, Any], channel: Channel) -> str:
    if channel == Channel.CUSTOM_IM:
        return ""
    try:
        return choose_sender(gateway, content.get(sender_field(channel)) or "").sender
    except SenderRefused:
        # Allowed when it was accepted; the gateway's list, or the gateway, has changed since.
        raise NotSendable(Status.REJECTED, "the sender is not on the gateway's list") from None


def _reply_to(gateway: GatewayValues, content: Mapping[str, Any]) -> str:
    try:
        return choose_reply_to(gateway, content.get(REPLY_TO) or "").sender
    except SenderRefused:
        raise NotSendable(Status.REJECTED, "the Reply-to is not on the gateway's list") from None
