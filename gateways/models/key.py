"""Inbound secrets, of which only a keyed digest is kept."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.vocabulary import KeyKind
from gateways.models.label import NAME_LENGTH, Brand, Label
from gateways.models.version import Versioned

HIGHEST_RATE = 1_000_000
"""A second."""


def secret_digest(secret: bytes | str) -> str:
    """How a secret is stored and found again."""
    return keyed_digest(secret, purpose="inbound-secret")


class KeyState(models.TextChoices):
    """What a key is good for at a moment."""

    LIVE = "live"
    UNUSED = "unused", "Never used"
    EXPIRES = "expires"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Key(Versioned):
    """One live or revoked secret of a label, bound to a brand or not."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="keys")
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=16, choices=KeyKind.choices)
    note = models.CharField(
        max_length=NAME_LENGTH, blank=True, help_text="Who has it, or what it is for."
    )
    rate_per_second = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_RATE)],
        help_text="Most requests a second. Empty: no limit, for a platform key 100.",
    )
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Accepted until then.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_test = models.BooleanField(
        default=False, editable=False, help_text="Made by a page for an hour, and no part of files."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "digest"],
                condition=Q(revoked_at__isnull=True),
                name="key_secret_is_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} key {self.pk}"

    def state(self, now: datetime) -> KeyState:
        """`expires` is live, with an end; `unused` is live, and nobody has come with it yet."""
        if self.revoked_at:
            return KeyState.REVOKED
        if self.expires_at:
            return KeyState.EXPIRED if self.expires_at <= now else KeyState.EXPIRES
        return KeyState.LIVE if self.last_used_at else KeyState.UNUSED
