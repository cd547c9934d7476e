"""Paces: how far what keeps a rate has handed out its moments."""

from django.db import models
from django.db.models import Q

from gateways.models.gateway import Gateway
from gateways.models.label import Label


class Pace(models.Model):
    """The next free moment, shared by all workers: of a gateway's messages, or of a label's
    callbacks."""

    gateway = models.OneToOneField(Gateway, on_delete=models.CASCADE, null=True)
    label = models.OneToOneField(Label, on_delete=models.CASCADE, null=True)
    next_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gateway__isnull=True) ^ Q(label__isnull=True), name="pace_of_one"
            ),
        ]

    def __str__(self) -> str:
        return f"next at {self.next_at:%H:%M:%S}"
