"""What has arrived of a message that left in several parts."""

from django.db import models

from messages_app.models.lengths import PROVIDER_ID_LENGTH
from messages_app.models.message import Message


class DeliveredPart(models.Model):
    """One part of a message that left in several, whose arrival was reported.

    `provider_id` tells the parts of one try from those of another.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "provider_id", "number"], name="delivered_part_once"
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of message {self.message_id}"
