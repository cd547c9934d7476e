"""The signs of life of long-running processes."""

from django.db import models


class Heartbeat(models.Model):
    """One process: which command it runs, where, and when it last said so."""

    name = models.CharField(primary_key=True, max_length=120, help_text="Like web-1:4711.")
    kind = models.CharField(max_length=16, help_text="The command: worker, scheduler.")
    parent = models.CharField(
        max_length=120, help_text="Who keeps it running; itself where nobody does."
    )
    siblings = models.PositiveSmallIntegerField(
        default=1, help_text="How many its parent keeps running, this one included."
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
