"""Staff who work for some labels only."""

from django.conf import settings
from django.db import models

from gateways.models.label import Label


class StaffLimit(models.Model):
    """One member of staff who sees these labels and nothing of the others.

    Who has no such row is not limited. A row without labels shows nothing, so that the end of a
    label never opens the rest.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_limit"
    )
    labels = models.ManyToManyField(Label, blank=True, help_text="None chosen: nothing is seen.")

    class Meta:
        verbose_name = "limit to labels"
        verbose_name_plural = "limit to labels"

    def __str__(self) -> str:
        return f"limit of {self.user_id}"
