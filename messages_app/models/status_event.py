"""A status that was learnt about a message."""

from typing import Self

from django.db import models
from django.db.models import Q

from gateway_project.lib.vocabulary import Status
from messages_app.causes import Cause
from messages_app.models.lengths import CAUSE_LENGTH, DETAIL_LENGTH
from messages_app.models.message import Message


class StatusEventQuerySet(models.QuerySet["StatusEvent"]):
    def counted(self) -> Self:
        """Without what a machine did and Smartico was not told of: a person may do it yet."""
        return self.filter(Q(is_reported=True) | Q(is_machine=False))


class StatusEvent(models.Model):
    """One status learnt about one message; a repeat of it is not another event, but what a person
    does is another than what a machine did.
    """

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="status_events",
        db_index=False,  # status_once_per_message begins with it
    )
    status = models.CharField(max_length=16, choices=Status.choices)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    cause = models.CharField(
        max_length=CAUSE_LENGTH,
        choices=Cause.choices,
        blank=True,
        help_text="Why it came to an end.",
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    is_reported = models.BooleanField(
        help_text="Smartico is told; a lower rung learnt late is not."
    )
    is_machine = models.BooleanField(
        default=False, help_text="Probably a scanner opened or clicked, and no person."
    )
    is_our_own = models.BooleanField(
        default=False, help_text="The house says so itself, and not a provider."
    )

    objects = StatusEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "status", "is_machine"], name="status_once_per_message"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of message {self.message_id}"
