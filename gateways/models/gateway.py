"""Gateways: one configured account at a provider."""

import secrets
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.fields import SealedJSONField, SealedTextField, opens
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel
from gateways.models.label import NAME_LENGTH, Brand, Label
from gateways.models.version import Versioned

TOKEN_BYTES = 24
PAUSE_REASON_LENGTH = 200
MOST_TIMES = 1_000


def token_digest(token: str) -> str:
    """How a gateway is found by the token in its webhook URL."""
    return keyed_digest(token, purpose="gateway-token")


class OnUnknown(models.TextChoices):
    """What to do when a request was written and no answer came."""

    PARK = "park"
    REPEAT = "repeat"
    FAIL = "fail"


class UnknownSender(models.TextChoices):
    """What to do with a From that is not on the gateway's list."""

    REFUSE = "refuse"
    DEFAULT = "default"


RESUMED = {"paused_at": None, "paused_because": "", "is_held_by_guard": False}
"""What is no longer so of a gateway that is not paused any more."""


class Gateway(Versioned):
    """Conditions, Authentication & Configuration, and "From" config of one account."""

    uid = models.UUIDField(default=new_id, unique=True, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="gateways")
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=NAME_LENGTH)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    provider = models.CharField(max_length=64)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True)
    filters = models.JSONField(default=dict, blank=True)
    config = SealedJSONField(bound_to="uid", null=True)
    from_default = models.CharField(max_length=320, blank=True)
    from_allowed = models.JSONField(default=list, blank=True)
    reply_to_default = models.CharField(max_length=320, blank=True)
    reply_to_allowed = models.JSONField(default=list, blank=True)
    unknown_sender = models.CharField(
        max_length=8, choices=UnknownSender.choices, default=UnknownSender.DEFAULT
    )
    rate_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    expires_after = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Seconds a message may wait. Empty: the channel's default.",
    )
    on_unknown = models.CharField(max_length=8, choices=OnUnknown.choices, default=OnUnknown.PARK)
    is_draft = models.BooleanField(
        default=False, editable=False, help_text="Its wizard is not finished."
    )
    is_active = models.BooleanField(default=True)
    is_paused = models.BooleanField(default=False)
    paused_at = models.DateTimeField(
        null=True, editable=False, help_text="When it paused itself. None where a person has."
    )
    paused_because = models.CharField(max_length=PAUSE_REASON_LENGTH, blank=True, editable=False)
    is_held_by_guard = models.BooleanField(
        default=False, editable=False, help_text="The blast guard has paused it."
    )
    guard_is_on = models.BooleanField(default=False)
    guard_times = models.FloatField(
        default=3.0, validators=[MinValueValidator(1.0), MaxValueValidator(MOST_TIMES)]
    )
    guard_least = models.PositiveIntegerField(default=1_000, validators=[MinValueValidator(1)])
    guard_failure_share = models.FloatField(
        null=True,
        blank=True,
        default=0.5,
        validators=[MinValueValidator(0.01), MaxValueValidator(1.0)],
    )
    token = SealedTextField(bound_to="uid")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "slug"], name="gateway_slug_in_label"),
            models.CheckConstraint(
                condition=~models.Q(is_draft=True, is_active=True), name="gateway_draft_is_inactive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.token_digest:
            self.renew_token()
        super().save(*args, **kwargs)

    def renew_token(self) -> None:
        """Makes the webhook URL a new one; the old one is a stranger's from then on."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.token, self.token_digest = token, token_digest(token)


def config_of(gateway: Gateway) -> dict[str, Any]:
    """The provider's configuration, opened; empty where none was saved."""
    return gateway.config.reveal() if gateway.config else {}


def is_readable(gateway: Gateway) -> bool:
    """Whether its configuration and its token open. Nothing is sent through it where they do not,
    until the configuration is typed anew."""
    return opens(gateway.config) and opens(gateway.token)


def shown_config(gateway: Gateway) -> dict[str, Any]:
    """As `config_of`, for pages: empty where it does not open, as if it were to be typed."""
    return config_of(gateway) if opens(gateway.config) else {}
