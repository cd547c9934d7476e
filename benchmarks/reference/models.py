"""Users, closed addresses, messages and tries, with the indexes that the queries ask for."""

import uuid

from django.db import models


class EndUser(models.Model):
    ext_user_id = models.CharField(max_length=255, unique=True)
    phone = models.BinaryField()
    phone_index = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"user {self.pk}"


class Suppression(models.Model):
    channel = models.CharField(max_length=16)
    address_index = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_index"], name="suppression_once"),
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    end_user = models.ForeignKey(EndUser, on_delete=models.CASCADE)
    channel = models.CharField(max_length=16)
    uid = models.CharField(max_length=255)
    content = models.BinaryField()
    callback_url = models.TextField()
    state = models.CharField(max_length=8, default="queued", db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "uid"], name="message_once"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class SendAttempt(models.Model):
    message = models.ForeignKey(Message, on_delete=models.CASCADE)
    outcome = models.CharField(max_length=32)
    provider_id = models.CharField(max_length=255, db_index=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"try {self.pk}"
