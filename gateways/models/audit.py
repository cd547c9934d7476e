"""What people did in the back office and by command: rows that are added and never changed.

The database refuses every change of these tables, too (`gateway_project.lib.append_only`), and
`gateways.audit_chain` finds those that it was made to take.
"""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from gateway_project.lib.identifiers import new_id
from gateways.audit_chain.digests import entry_digest
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
    LIFTED = "lifted"
    TESTED = "tested"
    ERASED = "erased"
    EXPORTED = "exported"
    IMPORTED = "imported"
    ROTATED = "rotated"
    VERIFIED = "verified"


class AuditQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("audit entries are not changed")

    def delete(self) -> NoReturn:
        raise TypeError("audit entries are not deleted")


class EntryDigestField(models.CharField):  # type: ignore[type-arg]
    """Computed when the row is written, whichever way that is."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = entry_digest(model_instance)  # type: ignore[arg-type]
        setattr(model_instance, self.attname, value)
        return value


class AuditEntry(models.Model):
    """Who did what to what, when, and why. It holds no address, no secret and no content.

    `changes` maps a field to `[before, after]`, or to "changed" where its values are secret. They
    are plain JSON without fractions: both databases give them back as they were.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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
    digest = EntryDigestField(max_length=64, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_of_subject"),
            models.Index(fields=["actor", "action", "at"], name="audit_of_actor"),
            models.Index(fields=["action", "at"], name="audit_of_action"),
        ]
        permissions = [("export_auditentry", "Can export the audit")]

    def __str__(self) -> str:
        return f"audit entry {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("audit entries are not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("audit entries are not deleted")

    @property
    def told_changes(self) -> list[tuple[str, str, str]]:
        """Field, before and after, in words; what is secret has only changed."""
        return [(name, *_told(change)) for name, change in self.changes.items()]


class AuditSeal(models.Model):
    """The place of an entry in the chain. Numbers begin with 1 and have no gaps."""

    number = models.PositiveBigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="seal")
    digest = models.CharField(max_length=64, help_text="Of the entry and the seal before it.")

    objects = AuditQuerySet.as_manager()

    def __str__(self) -> str:
        return f"seal {self.number}"


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
