"""The statuses owed to Smartico and every try to tell one."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import Combinable

from gateway_project.lib.vocabulary import Status
from gateways.models import Gateway, Label
from messages_app.models import DETAIL_LENGTH, Message

PASSED_AFTER = timedelta(minutes=10)
"""How long a status may have failed before the message's later ones go ahead of it."""


class Settlement(models.TextChoices):
    """How a callback delivery stands."""

    OWED = "owed", "Owed"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    MISMATCH = "mismatch", "Not known at Smartico"
    DEAD = "dead", "Out of tries"


UNHEARD = (Settlement.MISMATCH, Settlement.DEAD)
"""Settled without Smartico's having heard: a person has to look."""


def may_be_passed_at(due_at: datetime, first_failed_at: datetime | None) -> datetime:
    """From when a message's later statuses need not wait any more for one that stands so."""
    return due_at if first_failed_at is None else min(due_at, first_failed_at + PASSED_AFTER)


class DeliveryQuerySet(models.QuerySet["CallbackDelivery"]):
    def owed(self) -> Self:
        return self.filter(settlement=Settlement.OWED)

    def due(self, now: datetime | Combinable) -> Self:
        """Owed, their time has come, and nobody holds a lease on them."""
        return self.owed().unleased(now).filter(due_at__lte=now)

    def unleased(self, now: datetime | Combinable) -> Self:
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now))

    def first_in_line(self, now: datetime) -> Self:
        """Those that no earlier status of the same message has to be told before."""
        earlier = CallbackDelivery.objects.owed().filter(
            Q(first_failed_at=None) | Q(first_failed_at__gt=now - PASSED_AFTER),
            message=OuterRef("message"),
            pk__lt=OuterRef("pk"),
        )
        return self.filter(~Exists(earlier))


class CallbackDelivery(models.Model):
    """One status owed to Smartico. A message's deliveries are told in the order of their ids."""

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="callback_deliveries",
        db_index=False,  # status_owed_once begins with it
    )
    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    host = models.CharField(max_length=260, help_text="Where the callback goes; its own lane.")
    status = models.CharField(max_length=16, choices=Status.choices)
    settlement = models.CharField(
        max_length=12, choices=Settlement.choices, default=Settlement.OWED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    times_not_found = models.PositiveSmallIntegerField(
        default=0, help_text="How often Smartico did not know the message."
    )
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    first_failed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "callback deliveries"
        constraints = [
            models.UniqueConstraint(fields=["message", "status"], name="status_owed_once"),
        ]
        indexes = [
            models.Index(
                fields=["label", "host", "due_at", "id"],
                name="callback_due",
                condition=Q(settlement=Settlement.OWED),
            ),
            models.Index(
                fields=["label", "due_at"],
                name="callback_longest_due",
                condition=Q(settlement=Settlement.OWED),
            ),
            models.Index(
                fields=["label"], name="callback_unheard", condition=Q(settlement__in=UNHEARD)
            ),
        ]
        permissions = [("replay_callbackdelivery", "Can replay callbacks")]

    def __str__(self) -> str:
        return f"{self.status} of message {self.message_id} for Smartico"

    @property
    def may_be_passed_at(self) -> datetime:
        """From when the message's later statuses need not wait for this one any more."""
        return may_be_passed_at(self.due_at, self.first_failed_at)


class DeliveryAttempt(models.Model):
    """One GET, and what came back."""

    delivery = models.ForeignKey(
        CallbackDelivery, on_delete=models.CASCADE, related_name="delivery_attempts"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=32)
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"{self.outcome} at {self.started_at:%H:%M:%S}"


class Mailbox(models.Model):
    """How far a gateway's mailbox was read, and when it is looked into again.

    A reader moves `due_at` behind its lease. Without a row nobody has looked yet.
    """

    gateway = models.OneToOneField(Gateway, on_delete=models.CASCADE, primary_key=True)
    due_at = models.DateTimeField()
    validity = models.PositiveBigIntegerField(default=0, help_text="The folder's UIDVALIDITY.")
    read_uid = models.PositiveBigIntegerField(default=0, help_text="The last mail written down.")
    unread_uids = models.JSONField(
        default=list, help_text="Mails of the last reading that were not understood."
    )
    read_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    problem = models.CharField(max_length=DETAIL_LENGTH, blank=True)

    class Meta:
        verbose_name_plural = "mailboxes"

    def __str__(self) -> str:
        return f"mailbox of gateway {self.gateway_id}"


class Standing(models.TextChoices):
    """How a status that was learnt stands with Smartico. Each has exactly one."""

    QUIET = "quiet", "Not reported: a lower rung learnt late, or a machine"
    UNWANTED = "unwanted", "Not wanted by the label, or no callback_url"
    OWED = Settlement.OWED
    ACKNOWLEDGED = Settlement.ACKNOWLEDGED
    MISMATCH = Settlement.MISMATCH
    DEAD = Settlement.DEAD


class _Count(models.Model):
    """How many statuses learnt on a day (UTC) stand so. No foreign keys: it outlives its rows."""

    label_id = models.BigIntegerField()
    day = models.DateField()
    channel = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    standing = models.CharField(max_length=12, choices=Standing.choices)
    count = models.BigIntegerField(help_text="Less than none where more has left than come.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.count} {self.status} of {self.day} {self.standing}"


class Booking(_Count):
    """A change of such a count, written with what it counts, in the same transaction. Only added:
    nobody waits for a row that others count on. The scheduler adds them up."""


class DayCount(_Count):
    """What the bookings until now come to."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label_id", "day", "channel", "status", "standing"], name="day_count_once"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="day_count_by_day")]
