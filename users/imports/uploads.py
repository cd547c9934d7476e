"""Uploads: files that come by the browser. They are personal data from end to end, so they are kept
sealed, in parts, in the database, where every worker finds them, and go when their import ends.
"""

import io
from typing import Any, Final

from django.utils import timezone

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from users.imports.beginning import Order
from users.imports.models import ImportPart, ImportRun, ImportState
from users.imports.running import record_run

PART_BYTES: Final = 1024 * 1024
MOST_BYTES: Final = 512 * 1024 * 1024
EVERY_BYTE: Final = "latin-1"
"""A character for each byte, so that any file is a text that can be sealed."""


class BadPart(ValueError):
    """A part that is none of this upload; the text says why."""


def expect(order: Order, size: int, asked_by: Any) -> ImportRun:
    """A run whose file is about to be uploaded."""
    return ImportRun.objects.create(
        label_id=order.label_id,
        asked_by=asked_by,
        file_name=order.shown_name,
        format=order.format,
        size=size,
        empty_clears=order.empty_clears,
        dry_run=order.dry_run,
        state=ImportState.UPLOADING,
        started_at=timezone.now(),
    )


def receive(run: ImportRun, number: int, data: bytes) -> None:
    """Keeps a part; one that comes again is kept once. Raises BadPart."""
    if run.state != ImportState.UPLOADING:
        raise BadPart("the upload has ended")
    left = (run.size or 0) - number * PART_BYTES
    if number < 0 or len(data) != min(left, PART_BYTES):
        raise BadPart("it has not the size that this part has")
    part = ImportPart(run=run, number=number, content=data.decode(EVERY_BYTE))
    ImportPart.objects.bulk_create([part], ignore_conflicts=True)


def complete(run: ImportRun) -> None:
    """Has the workers begin. Raises BadPart where a part is missing."""
    with writing():
        held = ImportRun.objects.select_for_update().get(pk=run.pk)
        if held.state != ImportState.UPLOADING:
            return
        if held.parts.count() * PART_BYTES < (held.size or 0):
            raise BadPart("a part of the file is missing: upload it again")
        _set_going(held)


def import_tried(run: ImportRun, asked_by: Any) -> ImportRun | None:
    """Imports the file that was only tried: a new run, which the workers begin.

    None where the file is not kept any more.
    """
    with writing():
        tried = ImportRun.objects.select_for_update().get(pk=run.pk)
        if not (tried.dry_run and tried.state == ImportState.DONE and tried.parts.exists()):
            return None
        meant = ImportRun.objects.create(
            label_id=tried.label_id,
            asked_by=asked_by,
            file_name=tried.file_name,
            format=tried.format,
            size=tried.size,
            empty_clears=tried.empty_clears,
            state=ImportState.UPLOADING,
            started_at=timezone.now(),
        )
        tried.parts.update(run=meant)
        _set_going(meant)
    return meant


def opened(run: ImportRun) -> io.BufferedReader:
    """The file as it was uploaded, a part in memory at a time."""
    return io.BufferedReader(_Parts(run), buffer_size=PART_BYTES)


def _set_going(run: ImportRun) -> None:
    run.state, run.due_at, run.started_at = ImportState.RUNNING, database_now(), timezone.now()
    run.save()
    record_run(run, file=run.file_name, dry_run=run.dry_run)


class _Parts(io.RawIOBase):
    """The parts one after the other. Raises Undecryptable."""

    def __init__(self, run: ImportRun) -> None:
        self._run, self._next, self._rest = run, 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._part()
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def _part(self) -> memoryview:
        part = ImportPart.objects.filter(run=self._run, number=self._next).first()
        if part is None:
            return memoryview(b"")
        self._next += 1
        return memoryview(part.content.reveal().encode(EVERY_BYTE))
