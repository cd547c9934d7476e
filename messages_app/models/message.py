"""A message, and where it stands on its way out."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Brand, Gateway, Label, Template
from messages_app.statuses import ENDS
from users.models import EndUser

UID_LENGTH = 255


class State(models.TextChoices):
    """Where a message stands on its way out; its `status` is what Smartico is told."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "Outcome unknown"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"


OPEN = (State.QUEUED, State.SENDING, State.UNKNOWN)
"""Neither at an end nor with a provider, as far as is known."""

EXPIRING = Q(state=State.QUEUED, pruned_at=None)
"""All that are queued. `pruned_at` is named only so that a claim, which does not name it, is not
read out of the index by expiry."""

BEFORE_A_CLAIM = (State.QUEUED, State.FAILED)
NEVER_TRIED = ("state", "attempts", "requeued_at")
"""By what is seen whether a message was."""


def never_tried(state: str, attempts: int, requeued_at: datetime | None) -> bool:
    """Whether it waits, or has ended, without ever having been claimed by a worker."""
    return state in BEFORE_A_CLAIM and not attempts and requeued_at is None


class MessageQuerySet(models.QuerySet["Message"]):
    def tried(self) -> Self:
        """All but those that were never tried."""
        return self.exclude(state__in=BEFORE_A_CLAIM, attempts=0, requeued_at=None)


class Message(models.Model):
    """One request of Smartico to one end user. Its id is the `ext_message_id`.

    It holds no address: that is looked up when it is sent. (Preview mails hold theirs sealed.)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.PROTECT, db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, db_index=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True, db_index=False)
    end_user = models.ForeignKey(EndUser, on_delete=models.SET_NULL, null=True, db_index=False)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    uid = models.CharField(max_length=UID_LENGTH, blank=True)
    repeat_key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    activity_type = models.CharField(max_length=32, blank=True)
    content = SealedJSONField(null=True)
    callback_url = SealedTextField(null=True)
    preview_address = SealedTextField(null=True)
    is_test = models.BooleanField(
        default=False, help_text="Sent by hand through one gateway; Smartico is told nothing of it."
    )
    notes = models.JSONField(default=list, blank=True)
    chosen_because = models.CharField(
        max_length=200, blank=True, help_text="Why this gateway, when the message was accepted."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    is_set_aside = models.BooleanField(
        default=False, help_text="Due as soon as the directory has been asked about its user."
    )
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(
        null=True, help_text="Since then only a tombstone is left, for late statuses and repeats."
    )
    pruned_statuses = models.JSONField(
        default=list, help_text="Those that had been learnt and counted when it was pruned."
    )
    requeued_at = models.DateTimeField(
        null=True, help_text="When a person last queued it again; tries are counted from there."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "channel", "repeat_key"], name="message_once_per_uid"
            ),
        ]
        indexes = [
            models.Index(
                fields=["gateway", "due_at"], name="message_due", condition=Q(state=State.QUEUED)
            ),
            models.Index(
                fields=["lease_until"], name="message_leased", condition=Q(state=State.SENDING)
            ),
            models.Index(fields=["expires_at"], name="message_expiring", condition=EXPIRING),
            models.Index(
                fields=["state", "gateway", "due_at"],
                name="message_test",
                condition=Q(is_test=True),
            ),
            models.Index(
                fields=["label", "uid"], name="preview_by_uid", condition=~Q(activity_type="")
            ),
            models.Index(
                fields=["template"], name="message_of_template", condition=Q(template__isnull=False)
            ),
            models.Index(fields=["end_user", "id"], name="message_of_user"),
            models.Index(
                fields=["label"], name="message_unknown", condition=Q(state=State.UNKNOWN)
            ),
            models.Index(fields=["label", "channel", "id"], name="message_of_channel"),
        ]
        permissions = [
            ("resend_message", "Can retry and resend messages and settle unknown outcomes"),
            ("test_message", "Can send test messages"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def is_preview(self) -> bool:
        return bool(self.activity_type)

    @property
    def is_known_to_be_taken(self) -> bool:
        """Whether a status proves that a provider has it. The end of an earlier round, which a
        message that was queued again keeps, proves nothing about this one.
        """
        return bool(self.status) and self.status not in ENDS
