"""A message as a mail (RFC 5322)."""

from collections.abc import Mapping
from email.headerregistry import Address
from types import MappingProxyType

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp

from gateway_project.lib.mailbox import Mailbox, parse_address, parse_mailbox
from gateways.providers.base import (
    ID_HEADER,
    GatewayMisconfigured,
    MessageRejected,
    OutboundMessage,
)


def compose(
    message: OutboundMessage, headers: Mapping[str, str] = MappingProxyType({})
) -> EmailMultiAlternatives:
    """The mail as Django sends it: in 7-bit parts, named by our id in Message-ID and a header.

    `headers` are further ones, such as List-Unsubscribe.
    """
    sender = _sender(message)
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text or message.html,
        from_email=_written(sender),
        to=[_recipient(message)],
        reply_to=[_written(_mailbox(message.reply_to, "Reply-To"))] if message.reply_to else [],
        headers={
            "Message-ID": f"<{message.id}@{sender.address.rpartition('@')[2]}>",
            ID_HEADER: message.id,
            **headers,
        },
    )
    if not message.text and message.html:
        mail.content_subtype = "html"
    elif message.html:
        mail.attach_alternative(message.html, "text/html")
    # Quoted-printable passes servers without 8BITMIME, and long lines.
    mail.encoding = utf8_charset_qp
    return mail


def _sender(message: OutboundMessage) -> Mailbox:
    if not message.sender:
        raise GatewayMisconfigured("there is no From address")
    return _mailbox(message.sender, "From")


def _mailbox(text: str, name: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except ValueError:
        raise MessageRejected(f"{name} is not one well-formed mailbox") from None


def _written(mailbox: Mailbox) -> str:
    return str(Address(display_name=mailbox.name, addr_spec=mailbox.address))


def _recipient(message: OutboundMessage) -> str:
    try:
        return parse_address(message.recipient.reveal() if message.recipient else "")
    except ValueError:
        raise MessageRejected("the recipient has no address that SMTP can carry") from None
