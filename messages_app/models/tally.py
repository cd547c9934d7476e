"""How often something happened."""

from django.db import models
from django.db.models import Q


class Measure(models.TextChoices):
    """What is counted. A latency is a histogram, a refusal has an error_code: see `Tally.part`."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ACCEPT_LATENCY = "accept_latency"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    FAILED = "failed"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    TRY_TAKEN = "try_taken"
    TRY_REJECTED = "try_rejected"
    TRY_BROKEN = "try_broken"
    TRY_UNKNOWN = "try_unknown"
    ENDED_HERE = "ended_here"
    SEND_LATENCY = "send_latency"
    CALLBACK_FAILED = "callback_failed"
    CALLBACK_LATENCY = "callback_latency"


class Span(models.IntegerChoices):
    """How long a time one tally stands for, in seconds."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400


class Tally(models.Model):
    """How often something happened in one minute, hour or day. The dashboard reads nothing else of
    the past. No foreign keys: a count outlives what it counted, and nothing looks them up."""

    span = models.PositiveIntegerField(choices=Span.choices)
    start = models.DateTimeField()
    label_id = models.BigIntegerField(default=0, help_text="0 where no label is known.")
    channel = models.CharField(max_length=16, blank=True)
    gateway_id = models.BigIntegerField(default=0, help_text="0 where no gateway is meant.")
    measure = models.CharField(max_length=24, choices=Measure.choices)
    part = models.PositiveSmallIntegerField(
        default=0, help_text="Of a latency the histogram's bin, of a refusal the error_code."
    )
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["start", "span", "measure", "label_id", "channel", "gateway_id", "part"],
                name="tally_once",
            ),
        ]
        indexes = [
            models.Index(fields=["span", "start"], name="tally_by_span"),
            models.Index(
                fields=["span", "start"],
                name="tally_not_kept_by_hour",
                condition=~Q(measure=Measure.ACCEPTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.measure} at {self.start:%Y-%m-%d %H:%M}"


class Counted(models.Model):
    """Until when a family of tallies is final; what came later is counted again."""

    family = models.CharField(max_length=24, primary_key=True)
    until = models.DateTimeField()
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "counted"

    def __str__(self) -> str:
        return f"{self.family} until {self.until:%Y-%m-%d %H:%M}"
