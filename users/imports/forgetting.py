"""Forgetting imports: uploads that nobody goes on with, and what old imports tell of themselves."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from gateway_project.lib.clock import moment
from users.imports.models import ImportPart, ImportRun, ImportState
from users.imports.running import give_up

ACTOR: Final = "scheduler"
UPLOADS_KEPT: Final = timedelta(days=1)
RUNS_KEPT: Final = timedelta(days=90)


def forget_imports() -> int:
    """Removes what is too old; answers of how many imports. A duty of the clock."""
    left = list(_left_lying())
    for run in left:
        give_up(run, ACTOR)
    old = ImportRun.objects.filter(started_at__lt=moment() - RUNS_KEPT).first()
    if old is not None:  # one at a time: its bad lines may be many
        old.delete()
    return len(left) + (old is not None)


def _left_lying() -> "QuerySet[ImportRun]":
    """Uploads that were broken off, and files that were only tried."""
    uploads = Exists(ImportPart.objects.filter(run=OuterRef("pk")))
    is_left = Q(state=ImportState.UPLOADING) | Q(uploads, state=ImportState.DONE)
    return ImportRun.objects.filter(is_left, started_at__lt=moment() - UPLOADS_KEPT)
