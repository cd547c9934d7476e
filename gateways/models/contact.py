"""When we and those at the other ends last heard of each other."""

from django.db import models

from gateways.models.gateway import Gateway
from gateways.models.label import Label

FINDING_LENGTH = 300


class Contact(models.Model):
    """What the go-live check list knows of a gateway; apart from it, so that it is no change of
    the configuration."""

    gateway = models.OneToOneField(Gateway, on_delete=models.CASCADE, primary_key=True)
    probed_at = models.DateTimeField(null=True, help_text="Last GET or HEAD of the webhook URL.")
    webhook_at = models.DateTimeField(null=True, help_text="Last webhook that proved itself.")
    refused_at = models.DateTimeField(null=True, help_text="Last webhook that did not.")
    checked_at = models.DateTimeField(null=True, help_text="Last connection check.")
    is_connected = models.BooleanField(null=True)
    finding = models.CharField(max_length=FINDING_LENGTH, blank=True, help_text="What it found.")

    def __str__(self) -> str:
        return f"contact of gateway {self.gateway_id}"


class LabelContact(models.Model):
    """What the check list knows of a label's Smartico: whether it can be told anything."""

    label = models.OneToOneField(Label, on_delete=models.CASCADE, primary_key=True)
    checked_at = models.DateTimeField(null=True, help_text="Last callback about a made-up message.")
    is_connected = models.BooleanField(null=True)
    finding = models.CharField(max_length=FINDING_LENGTH, blank=True)
    alerts_checked_at = models.DateTimeField(null=True, help_text="Last test of its alerts.")
    alerts_arrive = models.BooleanField(null=True)
    alerts_finding = models.CharField(max_length=FINDING_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"contact of label {self.label_id}"
