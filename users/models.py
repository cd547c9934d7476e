"""End users, their encrypted addresses, and the addresses that are not written to."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.fields import (
    BlindIndexField,
    SealedJSONField,
    SealedTextField,
)
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel, Closing
from gateways.models import Brand, Label
from gateways.models.audit import REASON_LENGTH
from gateways.models.contact import FINDING_LENGTH
from users.addresses import deliverable_email, email_index, normal_phone, phone_index
from users.imports import models as imports  # noqa: F401  Django finds an app's models from here

EXT_USER_ID_LENGTH = 255


def _email_index(text: str, user: "EndUser") -> str | None:
    return email_index(text)


def _phone_index(text: str, user: "EndUser") -> str | None:
    return phone_index(text, user.opened_properties().get("country"))


class EndUser(models.Model):
    """A person of the platform, known to Smartico as `ext_user_id`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="end_users", db_index=False
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True)
    ext_user_id = models.CharField(max_length=EXT_USER_ID_LENGTH)
    sealed_properties = SealedJSONField(null=True)
    email = SealedTextField(null=True)
    email_index = BlindIndexField(source="email", index=_email_index)
    phone = SealedTextField(null=True)
    phone_index = BlindIndexField(source="phone", index=_phone_index)
    looked_up_at = models.DateTimeField(
        null=True, editable=False, help_text="When the label's own directory was asked last."
    )
    refresh_due_at = models.DateTimeField(
        null=True, editable=False, help_text="When it has to be asked before messages can leave."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "ext_user_id"], name="end_user_in_label"),
        ]
        indexes = [
            models.Index(fields=["label", "updated_at", "id"], name="end_user_by_change"),
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
            models.Index(
                fields=["label", "looked_up_at"],
                name="end_user_copied",
                condition=Q(looked_up_at__isnull=False),
            ),
            models.Index(
                fields=["label", "refresh_due_at"],
                name="end_user_to_refresh",
                condition=Q(refresh_due_at__isnull=False),
            ),
        ]
        permissions = [
            ("reveal_enduser", "Can reveal addresses, with a reason"),
            ("erase_enduser", "Can erase end users, with a reason"),
            ("export_enduser", "Can export all that is kept of an end user, with a reason"),
            ("import_enduser", "Can import end users from a file"),
        ]

    def __str__(self) -> str:
        return f"end user {self.pk}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """What gateways are chosen by, as it was told. Kept sealed, since a second address may be
        among it; empty where it does not open, and then nothing is taken for the user or sent.
        """
        try:
            return self.opened_properties()
        except Undecryptable:
            return {}

    @properties.setter
    def properties(self, told: Mapping[str, Any]) -> None:
        self.sealed_properties = dict(told) or None

    def opened_properties(self) -> Mapping[str, Any]:
        """The same. Raises Undecryptable."""
        return {} if self.sealed_properties is None else self.sealed_properties.reveal()

    def address(self, channel: str) -> Personal | None:
        """Where this channel reaches the user: an e-mail address, an E.164 number, or None.

        Raises Undecryptable. Custom IM needs no address.
        """
        found: str | None = None
        if channel == Channel.EMAIL and self.email:
            found = deliverable_email(self.email.reveal())
        elif channel in PHONE_CHANNELS and self.phone:
            found = normal_phone(self.phone.reveal(), self.opened_properties().get("country"))
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

    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    address_index = models.CharField(max_length=64)
    reason = models.CharField(max_length=64, choices=Closing.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "channel", "address_index"], name="suppression_of_address"
            ),
        ]
        indexes = [
            models.Index(fields=["label", "id"], name="suppression_in_label"),
            models.Index(fields=["reason", "label"], name="suppression_by_reason"),
        ]
        permissions = [("lift_suppression", "Can lift suppressions, with a reason")]

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class Lifting(models.Model):
    """That an address on a channel, which was not written to, may be again: who said so, and why.

    It may have been suppressed again since.
    """

    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    address_index = models.CharField(max_length=64)
    reason = models.CharField(
        max_length=64, choices=Closing.choices, help_text="For which it had been suppressed."
    )
    suppressed_at = models.DateTimeField()
    lifted_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=150)
    because = models.CharField(max_length=REASON_LENGTH, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["label", "address_index"], name="lifting_of_address"),
            models.Index(fields=["lifted_at"], name="lifting_by_age"),
        ]

    def __str__(self) -> str:
        return f"lifting {self.pk}"


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
        permissions = [("export_missinguser", "Can export the ids of missing users")]

    def __str__(self) -> str:
        return f"missing user {self.pk}"


class Blip(models.TextChoices):
    """What the radar of missing users sees."""

    ASKED = "asked", "asked for in vain"
    CAME = "came", "came since"


class MissingHour(models.Model):
    """How often something was seen within one hour. No id stands in it, and no foreign key: it is
    as bounded as hours, labels and brands are, whatever is asked for."""

    hour = models.DateTimeField()
    label_id = models.BigIntegerField()
    brand_id = models.BigIntegerField(default=0, help_text="0 where the key is bound to none.")
    blip = models.CharField(max_length=8, choices=Blip.choices)
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "label_id", "brand_id", "blip"], name="missing_hour_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.blip} at {self.hour:%Y-%m-%d %H:%M}"


class DirectoryCheck(models.Model):
    """What the go-live check list knows of a label's directory; apart from the label, so that it is
    no change of the configuration."""

    label = models.OneToOneField(Label, on_delete=models.CASCADE, primary_key=True)
    checked_at = models.DateTimeField()
    works = models.BooleanField()
    found = models.CharField(max_length=FINDING_LENGTH)
    to_do = models.CharField(max_length=FINDING_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"check of the directory of label {self.label_id}"


class ErasureProof(models.Model):
    """That an end user was erased: when, by whom, why, and how much went. It names nobody: who
    knows the id can find the proof by it, and nobody can read the id out of it.
    """

    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    user_digest = models.CharField(max_length=64, help_text="Keyed digest of the ext_user_id.")
    end_user_id = models.UUIDField("end user", help_text="Our own id, which nothing has any more.")
    erased_at = models.DateTimeField(db_index=True)
    erased_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    removed = models.JSONField(default=dict, help_text="How many of what.")

    class Meta:
        indexes = [models.Index(fields=["label", "user_digest"], name="erasure_of_user")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
