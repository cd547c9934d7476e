"""What people do to rows of the flow, one or very many, and its entries in the audit.

There is an entry about the row where it is a single one, else one per label with the number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
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


def do_in_batches(
    actor: Any, action: Action, rows: QuerySet[Any], batches: Iterable["Counter[int]"]
) -> int:
    """The same where every batch says how many of each label it was, by the label's id: written
    down when it begins, and with the number really done when it is over or breaks off."""
    chosen, noun = [*rows[:2]], str(rows.model._meta.verbose_name_plural)
    if len(chosen) > 1:
        with writing():
            record(actor, action, rows.model, changes={noun: "begun"})
    done = Counter[int]()
    try:
        for batch in batches:
            done.update(batch)
    finally:
        with writing():
            if len(chosen) == done.total() == 1:
                record(actor, action, chosen[0])
            else:
                _write(_by_label(actor, action, done, noun))
    return done.total()


def _entries(
    actor: Any, action: Action, rows: QuerySet[Any], reason: str = ""
) -> list[Callable[[], object]]:
    first, *more = [*rows[:2]] or [None]
    if first is None:
        return []
    if not more:
        return [partial(record, actor, action, first, reason=reason)]
    counts = dict(rows.order_by().values_list("label_id").annotate(count=Count("pk")))
    return _by_label(actor, action, counts, str(rows.model._meta.verbose_name_plural), reason)


def _by_label(
    actor: Any, action: Action, counts: Mapping[int, int], noun: str, reason: str = ""
) -> list[Callable[[], object]]:
    return [
        partial(
            record, actor, action, label, changes={noun: f"{counts[label.pk]:,}"}, reason=reason
        )
        for label in Label.objects.filter(pk__in=counts).order_by("pk")
    ]


def _write(entries: list[Callable[[], object]]) -> None:
    for write in entries:
        write()
