"""What people did in the back office and by command: rows that are added and never changed."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from gateways.models.label import NAME_LENGTH, Label

REASON_LENGTH = 300


class Action(models.TextChoices):
    """What was done."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    REVEALED = "revealed"
    REFUSED = "refused"
    SEARCHED = "searched"
    RETRIED = "retried"
    RESENT = "resent"
    SETTLED = "settled"
    REPLAYED = "replayed"
    TESTED = "tested"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("audit entries are not changed")

    def delete(self) -> NoReturn:
        raise TypeError("audit entries are not deleted")


class AuditEntry(models.Model):
    """Who did what to what, when, and why. It holds no address, no secret and no content.

    `changes` maps a field to `[before, after]`, or to "changed" where its values are secret.
    """

    at = models.DateTimeField("when", db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, db_constraint=False
    )
    actor_name = models.CharField("who", max_length=150, help_text="As called then; or a command.")
    action = models.CharField(max_length=16, choices=Action.choices)
    label = models.ForeignKey(Label, on_delete=models.DO_NOTHING, null=True, db_constraint=False)
    subject_type = models.CharField("kind", max_length=64, help_text="Like gateways.gateway.")
    subject_id = models.CharField("its id", max_length=64, blank=True)
    subject_name = models.CharField("what", max_length=NAME_LENGTH, blank=True)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    changes = models.JSONField(default=dict, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_of_subject"),
            models.Index(fields=["actor", "action", "at"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"audit entry {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("audit entries are not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("audit entries are not deleted")

    @property
    def told_changes(self) -> list[tuple[str, str, str]]:
        """Field, before and after, in words; what is secret has only changed."""
        return [(name, *_told(change)) for name, change in self.changes.items()]


def _told(change: Any) -> tuple[str, str]:
    """`[before, after]` in words; anything else is what came of it."""
    if not isinstance(change, list) or len(change) != 2:
        return "", _worded(change)
    return _worded(change[0]), _worded(change[1])


def _worded(value: Any) -> str:
    if value in ("", None, [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
