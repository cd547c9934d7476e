"""For what the blast guard has held a gateway."""

from django.db import models

from gateways.models import Gateway
from messages_app.guarding.verdict import Kind


class Strike(models.Model):
    """The blast guard has held a gateway for something that it did in that hour. It does so once:
    who releases the gateway has seen it. Nothing is learnt from the hours until then."""

    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, db_index=False)
    hour = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    released_at = models.DateTimeField(
        null=True, help_text="When the gateway was seen to be released. None: it is held."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "hour", "kind"], name="strike_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of gateway {self.gateway_id} at {self.hour:%Y-%m-%d %H:%M}"
