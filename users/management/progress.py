"""How far a long command has come: a bar for a person, a line now and then for a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

LINES_BETWEEN = 50_000

Advance: TypeAlias = Callable[[int, int], None]
"""Is told how many bytes and how many lines have been read so far."""


@contextmanager
def progress(console: Console, total_bytes: int | None) -> Iterator[Advance]:
    """`total_bytes` is None where the end cannot be known."""
    if not console.is_terminal:
        yield _plain(console, total_bytes)
        return
    columns = (TextColumn("{task.fields[lines]:,} lines"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, DownloadColumn(), TimeRemaining(), console=console) as bar:
        task = bar.add_task("", total=total_bytes, lines=0)
        yield lambda read, lines: bar.update(task, completed=read, lines=lines)


def _plain(console: Console, total_bytes: int | None) -> Advance:
    told = 0

    def advance(read: int, lines: int) -> None:
        nonlocal told
        if lines - told >= LINES_BETWEEN:
            told = lines
            share = f" ({read * 100 // total_bytes} %)" if total_bytes else ""
            console.print(f"{lines:,} lines read{share}", highlight=False)

    return advance
