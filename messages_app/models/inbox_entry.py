"""A report that could not be applied at once."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.vocabulary import Status
from gateways.models import Gateway
from messages_app.models.lengths import DETAIL_LENGTH, WORD_LENGTH
from messages_app.models.word_mapping import WordMapping


class Wait(models.TextChoices):
    """Why a report stands in the inbox."""

    ITS_TIME = "its_time", "Not yet due"
    ITS_MESSAGE = "its_message", "Message not known yet"
    A_MAPPING = "a_mapping", "Unknown status word"
    A_READER = "a_reader", "Could not be read"


NOT_UNDERSTOOD = (Wait.A_MAPPING, Wait.A_READER)
"""What a person has to look at; the rest settles by itself."""


class InboxEntry(models.Model):
    """A provider's report that could not be applied at once: early, unmatched or not understood."""

    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.CASCADE,
        db_index=False,  # inbox_entry_once begins with it
    )
    waits_for = models.CharField(max_length=16, choices=Wait.choices)
    message_id = models.UUIDField(null=True)
    provider_id = SealedTextField(
        null=True,
        bound_to=("gateway_id", "meaning"),
        help_text="As it was told: whoever reports may call an address one.",
    )
    provider_id_digest = models.CharField(max_length=64, blank=True)
    address_index = models.CharField(
        max_length=64, blank=True, help_text="Blind index of the address that the report names."
    )
    is_machine = models.BooleanField(null=True)
    is_permanent = models.BooleanField(
        default=False, help_text="The address itself is at fault: it is suppressed."
    )
    part = models.PositiveSmallIntegerField(default=0)
    parts = models.PositiveSmallIntegerField(
        default=1, help_text="Of how many parts the report is about one."
    )
    status = models.CharField(max_length=16, choices=Status.choices, blank=True)
    word = models.CharField(max_length=WORD_LENGTH, blank=True)
    word_key = models.CharField(
        max_length=WORD_LENGTH, blank=True, help_text="The word as it is compared."
    )
    mapping = models.ForeignKey(
        WordMapping,
        # A mapping may go while a webhook writes an entry with it: neither fails, and the drain
        # asks again what the word means.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        help_text="What gave the report its status.",
    )
    detail = models.CharField(max_length=DETAIL_LENGTH, blank=True)
    kept = SealedJSONField(
        null=True,
        bound_to=("gateway_id", "meaning"),
        help_text="What could not be read, scrubbed.",
    )
    meaning = models.CharField(max_length=64, help_text="Digest; the same report stands here once.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "inbox entries"
        constraints = [
            models.UniqueConstraint(fields=["gateway", "meaning"], name="inbox_entry_once"),
        ]
        indexes = [
            models.Index(fields=["gateway", "received_at"], name="inbox_by_age"),
            models.Index(fields=["due_at"], name="inbox_due", condition=Q(applied_at__isnull=True)),
            models.Index(
                fields=["gateway", "provider_id_digest"],
                name="inbox_by_provider_id",
                condition=Q(applied_at__isnull=True),
            ),
            models.Index(
                fields=["gateway", "word_key"],
                name="inbox_not_understood",
                condition=Q(applied_at__isnull=True, waits_for__in=NOT_UNDERSTOOD),
            ),
            models.Index(
                fields=["mapping"], name="inbox_mapped", condition=Q(mapping__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"inbox entry {self.pk}"
