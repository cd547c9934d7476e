"""What a provider's word for a status means."""

from django.db import models
from django.db.models import Q

from gateway_project.lib.vocabulary import Status
from gateways.models import Gateway, Label
from messages_app.models.lengths import WORD_LENGTH


class WordMapping(models.Model):
    """What a provider's status word means, as a person has said. No status: such reports are
    dropped."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    provider = models.CharField(max_length=64)
    gateway = models.ForeignKey(
        Gateway,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="Left empty, it holds for all gateways of the provider in the label.",
    )
    word = models.CharField(
        max_length=WORD_LENGTH, help_text="As the provider says it. Case and spaces do not matter."
    )
    status = models.CharField(
        "means",
        max_length=16,
        choices=[("", "Nothing: drop such reports"), *Status.choices],
        blank=True,
        help_text="Smartico is told this status.",
    )
    times_ignored = models.PositiveBigIntegerField("reports dropped", default=0, editable=False)

    class Meta:
        verbose_name = "status word"
        constraints = [
            models.UniqueConstraint(
                fields=["label", "provider", "word"],
                name="word_once_per_provider",
                condition=Q(gateway__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["gateway", "word"],
                name="word_once_per_gateway",
                condition=Q(gateway__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word} of {self.provider}"
