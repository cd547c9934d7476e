"""How far old messages have been walked through, and what was left behind."""

from uuid import UUID

from django.db import models

from gateway_project.lib.vocabulary import Channel
from gateways.models import Label

BEFORE_ALL = UUID(int=0)


class Stage(models.TextChoices):
    """What is done when a message has grown so old: it misses its receipt, and then is pruned."""

    RECEIPT = "receipt", "Receipt"
    BODIES = "bodies", "Bodies"
    EVENTS = "events", "Details"
    TOMBSTONES = "tombstones", "Tombstones"


class WalkMark(models.Model):
    """How far a walk over the messages of a channel has come: the id of the last one."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    stage = models.CharField(max_length=10, choices=Stage.choices)
    reached = models.UUIDField(default=BEFORE_ALL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "channel", "stage"], name="walk_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of {self.channel} in label {self.label_id}"


class LeftBehind(models.Model):
    """A message that it was too early for when its turn came: it was open, or a status of it was
    still owed. It is looked at again."""

    message = models.ForeignKey("Message", on_delete=models.CASCADE, db_index=False)
    stage = models.CharField(max_length=10, choices=Stage.choices)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "left behind"
        constraints = [
            models.UniqueConstraint(fields=["message", "stage"], name="left_behind_once"),
        ]
        indexes = [models.Index(fields=["stage", "due_at"], name="left_behind_due")]

    def __str__(self) -> str:
        return f"{self.stage} of message {self.message_id}"
