"""What a provider, the platform or Smartico is told beside messages."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateways.models import Gateway, Label
from messages_app.models.lengths import DETAIL_LENGTH
from users.models import EndUser


class RelayKind(models.TextChoices):
    """What a provider is told beside messages."""

    EVENT = "event", "Event"
    ORDER = "order", "Order"
    OPT_OUT = "opt_out", "Opt-out"
    OPT_IN = "opt_in", "Opt-in"
    CONTACT = "contact", "Contact"


class RelayOutcome(models.TextChoices):
    """How a relay ended."""

    TAKEN = "taken", "Taken"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Out of tries"
    UNKNOWN = "unknown", "Outcome unknown"
    NOT_NEEDED = "not_needed", "Not needed any more"


NOT_TAKEN = (RelayOutcome.REJECTED, RelayOutcome.FAILED, RelayOutcome.UNKNOWN)
"""What a person may have told again."""


class RelayListener(models.TextChoices):
    """Who is told it. Only a provider has a gateway."""

    PROVIDER = "provider", "The provider"
    PLATFORM = "platform", "The platform"
    SMARTICO = "smartico", "Smartico"


class Relay(models.Model):
    """Something that a gateway's provider, the platform or Smartico is to be told beside messages.

    It holds no address: that is looked up when it leaves. (An opt-out of an address that is no
    user's holds it sealed until a provider has it.)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    listener = models.CharField(
        max_length=8, choices=RelayListener.choices, default=RelayListener.PROVIDER
    )
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, null=True, db_index=False)
    kind = models.CharField(max_length=8, choices=RelayKind.choices)
    end_user = models.ForeignKey(EndUser, on_delete=models.SET_NULL, null=True)
    subject = models.CharField(
        max_length=64, blank=True, help_text="Whose relays leave one after the other; a digest."
    )
    repeat_key = models.CharField(
        max_length=64, null=True, help_text="What came before with the same key is the same relay."
    )
    fingerprint = models.CharField(max_length=64, blank=True)
    address = SealedTextField(null=True)
    payload = SealedJSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    outcome = models.CharField(max_length=12, choices=RelayOutcome.choices, blank=True)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "kind", "repeat_key"], name="relay_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(listener=RelayListener.PROVIDER, gateway__isnull=False)
                | (~Q(listener=RelayListener.PROVIDER) & Q(gateway__isnull=True)),
                name="relay_to_a_gateway_or_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["gateway", "kind", "due_at"],
                name="relay_due",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(
                fields=["due_at"],
                name="relay_leased",
                condition=Q(settled_at__isnull=True, lease__isnull=False),
            ),
            models.Index(fields=["gateway", "subject", "id"], name="relay_of_subject"),
            models.Index(
                fields=["label", "listener", "kind", "due_at"],
                name="relay_of_label_due",
                condition=Q(settled_at__isnull=True, gateway__isnull=True),
            ),
            models.Index(
                fields=["label", "listener", "subject", "id"],
                name="relay_of_label_subject",
                condition=Q(gateway__isnull=True),
            ),
            models.Index(
                fields=["created_at"],
                name="relay_waiting",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(
                fields=["settled_at"],
                name="relay_settled",
                condition=Q(settled_at__isnull=False),
            ),
            models.Index(
                fields=["gateway", "settled_at"],
                name="relay_not_taken",
                condition=Q(outcome__in=NOT_TAKEN),
            ),
        ]
        permissions = [("retry_relay", "Can tell again what was not taken")]

    def __str__(self) -> str:
        return f"relay {self.pk}"
