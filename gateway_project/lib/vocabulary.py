"""The words every floor shares: channels, statuses and the kinds of inbound keys."""

from collections.abc import Mapping

from django.db.models import TextChoices


class Channel(TextChoices):
    """How a message reaches a person. The values are used in URLs' answers, files and columns."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    VIBER = "viber", "Viber"
    WHATSAPP = "whatsapp", "WhatsApp"
    RCS = "rcs", "RCS"
    CUSTOM_IM = "custom_im", "Custom IM"


PHONE_CHANNELS = frozenset({Channel.SMS, Channel.VIBER, Channel.WHATSAPP, Channel.RCS})
CALLBACK_TYPES: Mapping[str, str] = {
    Channel.EMAIL: "email",
    Channel.CUSTOM_IM: "cim",
    **dict.fromkeys(PHONE_CHANNELS, "sms"),
}
"""Smartico's word for each channel when it is told a status."""


class Status(TextChoices):
    """Smartico's eight statuses ("Reverse Integration / Delivery Statuses"), and no other."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    OPENED = "opened"
    UNSUBSCRIBED = "unsubscribed"
    CLICKED = "clicked"


class Closing(TextChoices):
    """Why an address on a channel is not written to any more."""

    COMPLAINED = "complained"
    HARD_BOUNCE = "hard_bounce", "Hard bounce"
    UNSUBSCRIBED = "unsubscribed"
    PLATFORM = "platform", "The platform said so"


CLOSING_REPORTS = (Closing.COMPLAINED, Closing.HARD_BOUNCE, Closing.UNSUBSCRIBED)
"""Those that follow from what is reported: a label may leave its addresses open to them."""


class KeyKind(TextChoices):
    """What an inbound secret opens."""

    SMARTICO = "smartico", "Send APIs"
    PLATFORM = "platform", "Platform API"
    STATUS = "status", "Status receiver"
