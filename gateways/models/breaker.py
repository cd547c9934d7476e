"""A gateway's breaker: whether its provider is being called at all."""

from django.db import models
from django.db.models import Q

from gateways.models.gateway import PAUSE_REASON_LENGTH, Gateway


class Breaker(models.Model):
    """Failures in a row, and since or until when nothing is sent. Apart from the gateway, so that
    it is no change of the configuration. Without a row, or at its defaults, it is closed.
    """

    gateway = models.OneToOneField(Gateway, on_delete=models.CASCADE, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    opened_at = models.DateTimeField(null=True, help_text="Since when nothing is sent.")
    retry_at = models.DateTimeField(null=True, help_text="When one message is tried.")
    is_probing = models.BooleanField(default=False, help_text="One message is being tried.")
    openings = models.PositiveIntegerField(default=0, help_text="In a row, without a success.")
    not_before = models.DateTimeField(
        null=True, help_text="Until when its provider has asked for no calls."
    )
    opened_times = models.PositiveBigIntegerField(default=0, help_text="Ever.")
    reason = models.CharField(max_length=PAUSE_REASON_LENGTH, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["gateway"],
                name="breaker_not_at_rest",
                condition=Q(failures__gt=0)
                | Q(opened_at__isnull=False)
                | Q(not_before__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"breaker of gateway {self.gateway_id}"
