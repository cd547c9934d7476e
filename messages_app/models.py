"""Messages, the tries to send them, what was learnt about them, and reports not yet matched."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Brand, Gateway, Label, Template
from users.models import EndUser

UID_LENGTH = 255
DETAIL_LENGTH = 500
PROVIDER_ID_LENGTH = 255


class State(models.TextChoices):
    """Where a message stands on its way out; its `status` is what Smartico is told."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "Outcome unknown"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"


class Message(models.Model):
    """One request of Smartico to one end user. Its id is the `ext_message_id`.

    It holds no address: that is looked up when it is sent. (Preview mails hold theirs sealed.)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.PROTECT)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True)
    end_user = models.ForeignKey(EndUser, on_delete=models.SET_NULL, null=True)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    uid = models.CharField(max_length=UID_LENGTH, blank=True)
    repeat_key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    activity_type = models.CharField(max_length=32, blank=True)
    content = SealedJSONField(null=True)
    callback_url = SealedTextField(null=True)
    preview_address = SealedTextField(null=True)
    notes = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

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
            models.Index(
                fields=["expires_at"], name="message_expiring", condition=Q(state=State.QUEUED)
            ),
            models.Index(fields=["label", "uid"], name="message_by_uid"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def is_preview(self) -> bool:
        return bool(self.activity_type)


class SendAttempt(models.Model):
    """One try at one gateway, and the id the provider gave it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="send_attempts")
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=32)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    rendered = SealedTextField(null=True, bound_to="message_id")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["gateway", "provider_id"],
                name="attempt_by_provider_id",
                condition=~Q(provider_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"try {self.number} of message {self.message_id}"


class StatusEvent(models.Model):
    """One status learnt about one message; a repeat of it is not another event."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="status_events")
    status = models.CharField(max_length=16, choices=Status.choices)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    is_reported = models.BooleanField(
        help_text="Smartico is told; a lower rung learnt late is not."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "status"], name="status_once_per_message"),
        ]

    def __str__(self) -> str:
        return f"{self.status} of message {self.message_id}"


class Wait(models.TextChoices):
    """Why a report stands in the inbox."""

    ITS_TIME = "its_time", "Not yet due"
    ITS_MESSAGE = "its_message", "Message not known yet"
    A_MAPPING = "a_mapping", "Unknown status word"
    A_READER = "a_reader", "Could not be read"


class InboxEntry(models.Model):
    """A provider's report that could not be applied at once: early, unmatched or not understood."""

    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE)
    waits_for = models.CharField(max_length=16, choices=Wait.choices)
    message_id = models.UUIDField(null=True)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    word = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    meaning = models.CharField(max_length=64, help_text="Digest; the same report stands here once.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "inbox entries"
        constraints = [
            models.UniqueConstraint(fields=["gateway", "meaning"], name="inbox_entry_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="inbox_due", condition=Q(applied_at__isnull=True)),
            models.Index(
                fields=["gateway", "provider_id"],
                name="inbox_by_provider_id",
                condition=Q(applied_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"inbox entry {self.pk}"
