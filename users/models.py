"""End users, their encrypted addresses, and the addresses that are not written to."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import BlindIndexField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.models import Brand, Label
from users.addresses import deliverable_email, email_index, normal_phone, phone_index

EXT_USER_ID_LENGTH = 255


def _email_index(text: str, user: "EndUser") -> str | None:
    return email_index(text)


def _phone_index(text: str, user: "EndUser") -> str | None:
    return phone_index(text, user.properties.get("country"))


class EndUser(models.Model):
    """A person of the platform, known to Smartico as `ext_user_id`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="end_users")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True)
    ext_user_id = models.CharField(max_length=EXT_USER_ID_LENGTH)
    properties = models.JSONField(default=dict, blank=True)
    email = SealedTextField(null=True)
    email_index = BlindIndexField(source="email", index=_email_index)
    phone = SealedTextField(null=True)
    phone_index = BlindIndexField(source="phone", index=_phone_index)
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
        permissions = [("reveal_enduser", "Can reveal addresses, with a reason")]

    def __str__(self) -> str:
        return f"end user {self.pk}"

    def address(self, channel: str) -> Personal | None:
        """Where this channel reaches the user: an e-mail address, an E.164 number, or None.

        Raises Undecryptable. Custom IM needs no address.
        """
        found: str | None = None
        if channel == Channel.EMAIL and self.email:
            found = deliverable_email(self.email.reveal())
        elif channel in PHONE_CHANNELS and self.phone:
            found = normal_phone(self.phone.reveal(), self.properties.get("country"))
        return None if found is None else Personal(found)

    def address_index(self, channel: str) -> str | None:
        """The blind index of `address(channel)`."""
        found: str | None = None
        if channel == Channel.EMAIL:
            found = self.email_index
        elif channel in PHONE_CHANNELS:
            found = self.phone_index
        return found


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


class MissingUser(models.Model):
    """An id that a send API was asked for and no user had. Gone when the user comes, or in time."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    brand = models.ForeignKey(
        Brand, on_delete=models.CASCADE, null=True, help_text="Of the key that asked."
    )
    ext_user_id = models.CharField(
        max_length=EXT_USER_ID_LENGTH, blank=True, help_text="Empty: those that are not listed."
    )
    times = models.PositiveIntegerField()
    first_asked_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "ext_user_id"], name="missing_user_in_label"),
        ]
        indexes = [
            models.Index(fields=["label", "first_asked_at"], name="missing_user_by_time"),
            models.Index(fields=["last_asked_at"], name="missing_user_by_age"),
        ]

    def __str__(self) -> str:
        return f"missing user {self.pk}"
