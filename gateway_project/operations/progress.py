"""How many rows a long command has done: a bar for a person, a line now and then for a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

ROWS_BETWEEN = 50_000

Advance: TypeAlias = Callable[[int], None]
"""Is told how many more rows are done."""


@contextmanager
def row_progress(console: Console, total: int) -> Iterator[Advance]:
    if not console.is_terminal:
        yield _plain(console, total)
        return
    columns = (MofNCompleteColumn(), BarColumn(), TaskProgressColumn(), TimeRemaining())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda rows: bar.update(task, advance=rows)


def _plain(console: Console, total: int) -> Advance:
    done = told = 0

    def advance(rows: int) -> None:
        nonlocal done, told
        done += rows
        if done - told >= ROWS_BETWEEN:
            told = done
            console.print(f"{done:,} of {total:,} rows", highlight=False)

    return advance
