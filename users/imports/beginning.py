"""Beginning an import, or finding the one that was broken off."""

import hashlib
from dataclasses import dataclass
from io import BufferedReader
from pathlib import PurePath
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from users.imports.models import FILE_NAME_LENGTH, ImportRun, ImportState
from users.imports.running import record_run
from users.reading import SUFFIXES

NOTHING_BROKEN_OFF = "no import of this file with these options was broken off"
FILE_HAS_CHANGED = (
    "the file has changed since its import was broken off; import it from its beginning: "
    "users who are there already stay as they are"
)


class NotResumable(Exception):
    """There is nothing to go on with; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be imported, and how."""

    label_id: int
    file_name: str
    format: str
    digest: str = ""
    size: int | None = None
    empty_clears: bool = False
    dry_run: bool = False

    @property
    def shown_name(self) -> str:
        """The file's name as it may be kept and shown: some are named after a person."""
        suffix = PurePath(self.file_name).suffix
        if suffix.lower() not in SUFFIXES:
            return scrub(self.file_name, kept=FILE_NAME_LENGTH)
        stem = self.file_name.removesuffix(suffix)
        return scrub(stem, kept=FILE_NAME_LENGTH - len(suffix)) + suffix

    @property
    def name_digest(self) -> str:
        """By which a name is known again, also where two are shown alike."""
        return keyed_digest(self.file_name, purpose="import-name")


def digest_of(stream: BufferedReader) -> str:
    """Tells a file from another. Reads the stream to its end and goes back to its beginning."""
    found = hashlib.file_digest(stream, "sha256").digest()
    stream.seek(0)
    return keyed_digest(found, purpose="import")


def begin(order: Order) -> ImportRun:
    """A new run from the first line. One of this file that was broken off is given up."""
    this_file = Q(name_digest=order.name_digest)
    if order.digest:
        this_file |= Q(digest=order.digest)
    with writing():
        _broken_off(order).filter(this_file).update(
            state=ImportState.GIVEN_UP, ended_at=database_now()
        )
        run = ImportRun.objects.create(
            **_what_is_asked(order),
            file_name=order.shown_name,
            name_digest=order.name_digest,
            digest=order.digest,
            size=order.size,
            started_at=timezone.now(),  # held against what the users were changed at
        )
        record_run(run, file=run.file_name, dry_run=run.dry_run)
    return run


def resume(order: Order) -> ImportRun:
    """The run of this file that was broken off. Raises NotResumable."""
    runs = _broken_off(order)
    run = runs.filter(digest=order.digest).order_by("-pk").first()
    if run is None:
        is_changed = runs.filter(name_digest=order.name_digest).exists()
        raise NotResumable(FILE_HAS_CHANGED if is_changed else NOTHING_BROKEN_OFF)
    return run


def _broken_off(order: Order) -> "QuerySet[ImportRun]":
    """Called by who alone imports into the label by command: no other run can be at work."""
    runs = ImportRun.objects.filter(state=ImportState.RUNNING, due_at=None)
    return runs.filter(**_what_is_asked(order))


def _what_is_asked(order: Order) -> dict[str, Any]:
    return {
        "label_id": order.label_id,
        "format": order.format,
        "empty_clears": order.empty_clears,
        "dry_run": order.dry_run,
    }
