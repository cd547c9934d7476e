"""Somebody who owns the database and has no key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models

from gateway_project.lib import append_only
from gateways.audit_chain.sealing import Sealing
from gateways.audit_chain.verifying import Walk
from gateways.auditing import record
from gateways.models import Action, AuditEntry, AuditSeal, Label


def write(count: int) -> list[AuditEntry]:
    """So many entries."""
    return [
        record("apply_config", Action.CHANGED, Label, changes={"number": n}) for n in range(count)
    ]


def seal() -> None:
    """Until nothing waits."""
    sealing = Sealing()
    while sealing():
        pass


def sealed(count: int) -> list[AuditEntry]:
    """So many entries, sealed."""
    entries = write(count)
    seal()
    return entries


def verified(*kept: str) -> Walk:
    """A walk along the whole chain."""
    walk = Walk(kept)
    for _ in walk.steps():
        pass
    return walk


@contextmanager
def fences_down() -> Iterator[None]:
    for model in (AuditEntry, AuditSeal):
        append_only.lift(model)
    yield
    for model in (AuditEntry, AuditSeal):
        append_only.guard(model)


def change(row: models.Model, **values: Any) -> None:
    """By a plain UPDATE."""
    with fences_down():
        assert _rows(type(row)).filter(pk=row.pk).update(**values) == 1


@contextmanager
def without(*rows: models.Model) -> Iterator[None]:
    """These are taken out until the block is left: in the end references are held to be whole."""
    with fences_down():
        for row in rows:
            _rows(type(row)).filter(pk=row.pk)._raw_delete("default")
    yield
    for row in reversed(rows):
        type(row)._default_manager.bulk_create([row])


def _rows(model: type[models.Model]) -> Any:
    return models.QuerySet(model)
