"""Imports of files, and what was wrong with their lines. Nothing here repeats what a file holds."""

from django.conf import settings
from django.db import models

from gateway_project.lib.fields import SealedTextField
from gateway_project.lib.identifiers import new_id
from gateways.models import Label

FILE_NAME_LENGTH = 200
REASON_LENGTH = 200


class ImportState(models.TextChoices):
    """How an import stands."""

    UPLOADING = "uploading", "being uploaded"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused", "not a file of users"
    GIVEN_UP = "given_up"


class ImportFormat(models.TextChoices):
    """How a file is written."""

    CSV = "csv", "CSV"
    NDJSON = "ndjson", "NDJSON"


class ImportRun(models.Model):
    """One import of one file. What it has counted belongs to the lines up to `line`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, db_index=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False
    )
    file_name = models.CharField("file", max_length=FILE_NAME_LENGTH, help_text="Scrubbed.")
    name_digest = models.CharField(
        max_length=64, blank=True, help_text="Keyed, of the whole name; empty for an upload."
    )
    digest = models.CharField(
        max_length=64, blank=True, help_text="Keyed, of the whole file; empty for a stream."
    )
    size = models.PositiveBigIntegerField(null=True, help_text="In bytes; null for a stream.")
    format = models.CharField(max_length=8, choices=ImportFormat.choices)
    empty_clears = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16, choices=ImportState.choices, default=ImportState.RUNNING
    )
    refusal = models.CharField(max_length=REASON_LENGTH, blank=True)
    line = models.PositiveBigIntegerField(
        default=0, help_text="Where the last record begins that was dealt with."
    )
    bytes_read = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    bad = models.PositiveBigIntegerField(default=0)
    notes = models.JSONField(default=dict, help_text="How many good lines are odd, by what.")
    due_at = models.DateTimeField(
        null=True, help_text="When a worker goes on with it; null where a command does."
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "import"
        indexes = [
            models.Index(fields=["label", "id"], name="import_in_label"),
            models.Index(
                fields=["due_at"], name="import_due", condition=models.Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def percent(self) -> int | None:
        """How much of the file has been read; None where its length is not known."""
        return self.bytes_read * 100 // self.size if self.size else None


class ImportProblem(models.Model):
    """A line that was not imported, and why."""

    run = models.ForeignKey(
        ImportRun, on_delete=models.CASCADE, related_name="problems", db_index=False
    )
    line = models.PositiveBigIntegerField()
    field = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=REASON_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "line"], name="import_problem_of_line"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}"


class ImportPart(models.Model):
    """A piece of an uploaded file, sealed. All of them go when the import ends."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(
        ImportRun, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField(help_text="From 0.")
    content = SealedTextField(help_text="The bytes, each as the character of its number.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="import_part_of_run"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of import {self.run_id}"
