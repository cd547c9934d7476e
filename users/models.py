"""End users, their encrypted addresses, and the addresses that are not written to."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import BlindIndexField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.models import Brand, Label
from users.addresses import normal_email, normal_phone

EXT_USER_ID_LENGTH = 255


def _email_of(text: str, user: "EndUser") -> str | None:
    return normal_email(text)


def _phone_of(text: str, user: "EndUser") -> str | None:
    return normal_phone(text, user.properties.get("country"))


class EndUser(models.Model):
    """A person of the platform, known to Smartico as `ext_user_id`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="end_users")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True)
    ext_user_id = models.CharField(max_length=EXT_USER_ID_LENGTH)
    properties = models.JSONField(default=dict, blank=True)
    email = SealedTextField(null=True)
    email_index = BlindIndexField(source="email", normalise=_email_of)
    phone = SealedTextField(null=True)
    phone_index = BlindIndexField(source="phone", normalise=_phone_of)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "ext_user_id"], name="end_user_in_label"),
        ]
        indexes = [
            models.Index(
                fields=["label", "email_index"],
                name="end_user_by_email",
                condition=Q(email_index__isnull=False),
            ),
            models.Index(
                fields=["label", "phone_index"],
                name="end_user_by_phone",
                condition=Q(phone_index__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"end user {self.pk}"

    def address(self, channel: str) -> Personal | None:
        """Where this channel reaches the user: an e-mail address, an E.164 number, or None.

        Revealing it may raise Undecryptable. Custom IM needs no address.
        """
        if channel == Channel.EMAIL:
            return self.email if self.email_index else None
        if channel in PHONE_CHANNELS and self.phone_index:
            country = self.properties.get("country")
            return Personal(normal_phone(self.phone.reveal(), country))
        return None

    def address_index(self, channel: str) -> str | None:
        """The blind index of `address(channel)`."""
        if channel == Channel.EMAIL:
            return self.email_index
        return self.phone_index if channel in PHONE_CHANNELS else None


class Suppression(models.Model):
    """An address on one channel that is not written to, whoever it belongs to."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    address_index = models.CharField(max_length=64)
    reason = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "channel", "address_index"], name="suppression_of_address"
            ),
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"
