"""Answers of the platform API that are kept, for who asks the same again."""

from django.db import models

from gateway_project.lib.fields import SealedTextField
from gateway_project.lib.identifiers import new_id
from gateways.models.key import Key

DIGEST_LENGTH = 64


class KeptAnswer(models.Model):
    """The first request of a key under one `Idempotency-Key`: who it was is told by digests, what
    was answered is sealed, for an answer may name a user. Without a status it is still at work.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.ForeignKey(Key, on_delete=models.CASCADE, db_index=False)
    name_digest = models.CharField(max_length=DIGEST_LENGTH, help_text="Of the Idempotency-Key.")
    request_digest = models.CharField(
        max_length=DIGEST_LENGTH, help_text="Of the method, the path and the body."
    )
    user_digest = models.CharField(
        max_length=DIGEST_LENGTH, null=True, db_index=True, help_text="Of the user of the path."
    )
    status = models.PositiveSmallIntegerField(null=True)
    body = SealedTextField(null=True)
    lease_until = models.DateTimeField(help_text="Then whoever is at work is taken for lost.")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "name_digest"], name="answer_of_key"),
        ]

    def __str__(self) -> str:
        return f"kept answer {self.pk}"
