"""Which keys the stored data need. The keys themselves are in no table."""

from django.db import models

from gateway_project.lib.crypto import KEY_ID_LENGTH


class KeyTask(models.TextChoices):
    """What a key is for."""

    SEALS = "seals"
    INDEXES = "indexes"


class UsedKey(models.Model):
    """A key that has been used, known by a fingerprint of its bytes.

    Until it is retired the gateway does not start without it.
    """

    task = models.CharField(max_length=8, choices=KeyTask.choices)
    key_id = models.CharField(
        max_length=KEY_ID_LENGTH, blank=True, help_text="On the ring. The index key has none."
    )
    fingerprint = models.CharField(max_length=64)
    first_used_at = models.DateTimeField()
    last_used_at = models.DateTimeField(help_text="To the minute.")
    retired_at = models.DateTimeField(null=True, help_text="Since when nothing needs it.")
    rows_left = models.PositiveBigIntegerField(
        null=True, help_text="Rows sealed with it, when they were last counted."
    )
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "key_id"], name="used_key_once"),
        ]

    def __str__(self) -> str:
        return self.key_id or "index key"
