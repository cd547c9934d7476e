"""What people do to rows of the flow, one or very many, and its entries in the audit.

There is an entry about the row where it is a single one, else one per label with the number.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db.models import Count, QuerySet

from gateway_project.lib.transactions import writing
from gateways.auditing import record
from gateways.models import Action, Label

Rows = TypeVar("Rows", bound=QuerySet[Any])


def do(
    actor: Any, action: Action, rows: Rows, act: Callable[[Rows], int], *, reason: str = ""
) -> int:
    """Does it to these rows and writes it down, in one transaction; answers how many it was."""
    with writing():
        entries = _entries(actor, action, rows, reason)
        done = act(rows)
        if done:
            _write(entries)
    return done


def do_at_length(actor: Any, action: Action, rows: Rows, act: Callable[[Rows], int]) -> int:
    """The same where `act` takes many transactions of its own: written down before it begins."""
    with writing():
        _write(_entries(actor, action, rows))
    return act(rows)


def _entries(
    actor: Any, action: Action, rows: QuerySet[Any], reason: str = ""
) -> list[Callable[[], object]]:
    first, *more = [*rows[:2]] or [None]
    if first is None:
        return []
    if not more:
        return [partial(record, actor, action, first, reason=reason)]
    counts = dict(rows.order_by().values_list("label_id").annotate(count=Count("pk")))
    noun = str(rows.model._meta.verbose_name_plural)
    return [
        partial(
            record, actor, action, label, changes={noun: f"{counts[label.pk]:,}"}, reason=reason
        )
        for label in Label.objects.filter(pk__in=counts).order_by("pk")
    ]


def _write(entries: list[Callable[[], object]]) -> None:
    for write in entries:
        write()
