"""A try to send a message."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedTextField
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from messages_app.causes import Cause
from messages_app.models.lengths import CAUSE_LENGTH, DETAIL_LENGTH, PROVIDER_ID_LENGTH
from messages_app.models.message import Message


class SendAttempt(models.Model):
    """One try at one gateway, and the id the provider gave it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="send_attempts")
    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.PROTECT,
        db_index=False,  # attempt_by_provider_id begins with it
    )
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=32)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    cause = models.CharField(max_length=CAUSE_LENGTH, choices=Cause.choices, blank=True)
    provider_id = models.CharField(max_length=PROVIDER_ID_LENGTH, blank=True)
    address_index = models.CharField(
        max_length=64, blank=True, help_text="Blind index of the address that was tried."
    )
    address_channel = models.CharField(
        max_length=16, choices=Channel.choices, blank=True, help_text="Which kind of address it is."
    )
    rendered = SealedTextField(null=True, bound_to="rendered_as")
    rendered_as = models.UUIDField(
        null=True, editable=False, help_text="What `rendered` is bound to; none where it is null."
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    ask_at = models.DateTimeField(
        null=True, help_text="When the provider is asked next what became of the message."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rendered_as"],
                name="attempt_rendered_once",
                condition=Q(rendered_as__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "provider_id"], name="attempt_by_provider_id"),
            models.Index(
                fields=["gateway", "ask_at"],
                name="attempt_to_ask_about",
                condition=Q(ask_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"try {self.number} of message {self.message_id}"
