"""Running an import: a batch at a time, each in one transaction with how far the run has come.

It may be killed anywhere and goes on after the last batch; two processes at one run do no line
twice, as the second finds that the run is further than it thought.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any, Final

from gateway_project.lib import copying
from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways.auditing import record
from gateways.models import Action
from users.importing import BATCH, Outcome, RowResult, import_batch
from users.imports.models import ImportProblem, ImportRun, ImportState
from users.models import EndUser
from users.reading import READERS, BadFile, Lines, Read

ACTOR: Final = "import_users"
"""Who imports by command."""
MANY: Final = 8_192
"""New users from which on a plan for an empty table is a bad one."""


class Overtaken(Exception):
    """Another process has gone on with this run, or has ended it."""


class Running:
    """One run at work on its stream, from where it was broken off, `batch` lines at a time."""

    def __init__(self, run: ImportRun, stream: IO[bytes], *, batch: int = 0) -> None:
        self.run = run
        self._batch = batch or BATCH
        self._lines = Lines(stream)
        self._reads = _remaining(run, self._lines)

    def step(self) -> bool:
        """Imports the next batch; False where there was none left, and the run is done.

        Raises BadFile where nothing can be read, and Overtaken.
        """
        batch = list(islice(self._reads, self._batch))
        with writing():
            run = _held(self.run)
            if batch:
                _count(run, self._import(run, batch))
                run.line = batch[-1][0]
            else:
                _end(run, ImportState.DONE)
            run.bytes_read = self._lines.bytes_read
            run.save()
        if _has_doubled(self.run.created, run.created):
            copying.count_anew(EndUser)
        self.run = run
        return bool(batch)

    def _import(self, run: ImportRun, batch: Sequence[Read]) -> list[RowResult]:
        results = import_batch(run.label_id, batch, started_at=run.started_at, dry_run=run.dry_run)
        ImportProblem.objects.bulk_create(
            ImportProblem(run=run, line=line, field=result.field, reason=result.reason)
            for (line, _), result in zip(batch, results, strict=True)
            if result.outcome == Outcome.BAD
        )
        return results


def refuse(run: ImportRun, reason: BadFile | str) -> None:
    """Ends a run whose file cannot be imported. Raises Overtaken."""
    with writing():
        held = _held(run)
        held.refusal = str(reason)
        _end(held, ImportState.REFUSED)
        held.save()


def give_up(run: ImportRun, actor: Any) -> None:
    """Ends a run where it is, and removes what was uploaded for it. Who works on it stops."""
    with writing():
        held = ImportRun.objects.select_for_update().get(pk=run.pk)
        held.parts.all().delete()
        if not held.has_ended:
            _end(held, ImportState.GIVEN_UP, actor)
            held.save()


def problems(run: ImportRun) -> Iterator[tuple[object, ...]]:
    """Line, field and reason of the lines that were not imported, under a header."""
    yield "line", "field", "reason"
    rows = ImportProblem.objects.filter(run=run).order_by("line")
    yield from rows.values_list("line", "field", "reason").iterator()


def record_run(run: ImportRun, actor: Any = None, **told: object) -> None:
    """Writes down who imports, or who else does this to the import, and what came of it."""
    record(actor or run.asked_by or ACTOR, Action.IMPORTED, run, changes=told)


def _remaining(run: ImportRun, lines: Lines) -> Iterator[Read]:
    """What was dealt with last is read again, so that the reading begins where a record does."""
    reads = READERS[run.format](lines, empty_clears=run.empty_clears, after=run.line)
    return (read for read in reads if read[0] > run.line)


def _held(run: ImportRun) -> ImportRun:
    """The run's row, locked, if it still is where this process left it."""
    held = ImportRun.objects.select_for_update().select_related(None).get(pk=run.pk)
    if (held.state, held.line) != (ImportState.RUNNING, run.line):
        raise Overtaken
    return held


def _has_doubled(before: int, now: int) -> bool:
    return now >= MANY and now.bit_length() > before.bit_length()


def _count(run: ImportRun, results: Iterable[RowResult]) -> None:
    notes: Counter[str] = Counter(run.notes)
    for result in results:
        name = result.outcome.value
        setattr(run, name, getattr(run, name) + 1)
        notes.update(result.notes)
    run.notes = dict(notes)


def _end(run: ImportRun, state: ImportState, actor: Any = None) -> None:
    """An upload goes with it, unless it was only tried and may now be imported."""
    run.state, run.ended_at, run.due_at = state, database_now(), None
    if not (run.dry_run and state == ImportState.DONE):
        run.parts.all().delete()
    counts = {outcome.value: getattr(run, outcome.value) for outcome in Outcome}
    record_run(run, actor, state=str(state), **counts)
