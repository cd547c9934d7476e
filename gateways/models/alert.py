"""What needs a person, and whether a label's own people have been told."""

from django.db import models

from gateways.models.label import Label

REASON_LENGTH = 200


class AlertKind(models.TextChoices):
    """Why messages or statuses stand still until somebody acts."""

    GATEWAY_PAUSED = "gateway_paused", "Gateway paused"
    BLAST_GUARD = "blast_guard", "Blast guard"
    NO_ANSWER = "no_answer", "Provider does not answer"
    CALLBACKS_SUSPENDED = "callbacks_suspended", "Callbacks suspended"
    OPT_OUTS_SUSPENDED = "opt_outs_suspended", "Opt-outs not told"
    CALLBACKS_DEAD = "callbacks_dead", "Callbacks out of tries"
    CALLBACKS_MISMATCH = "callbacks_mismatch", "Statuses not known at Smartico"
    UNKNOWN_OUTCOMES = "unknown_outcomes", "Unknown outcomes"
    MESSAGES_LATE = "messages_late", "Messages late"
    CALLBACKS_LATE = "callbacks_late", "Callbacks late"


class Alert(models.Model):
    """One cause, now or before: it has one row, however often it comes and goes.

    `is_told` is what the label's people believe: whether they were told that it stands, and not yet
    that it is over.
    """

    label = models.ForeignKey(Label, on_delete=models.CASCADE)
    kind = models.CharField(max_length=24, choices=AlertKind.choices)
    subject = models.CharField(max_length=64, blank=True, help_text="A gateway's slug, mostly.")
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    count = models.PositiveBigIntegerField(default=0, help_text="How many it is about by now.")
    told_count = models.PositiveBigIntegerField(
        default=0, help_text="How many they were when it was told; never more than there are."
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When it was last told that it stands.")
    is_told = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "kind", "subject"], name="alert_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of label {self.label_id}"
