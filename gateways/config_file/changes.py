"""What applying a configuration file did, in readable lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models

from gateways.auditing import record
from gateways.models import Action


class Verb(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DEACTIVATED = "deactivated"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that was made, changed or taken out of use. It names fields, not their values."""

    verb: Verb
    noun: str
    name: str
    fields: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.noun} {self.name}"

    def __str__(self) -> str:
        fields = f": {', '.join(self.fields)}" if self.fields else ""
        return f"{self.verb} {self.subject}{fields}"


@dataclass(slots=True, kw_only=True)
class Deed:
    """What the audit is told of one row: what was done first, and all that it came to."""

    row: models.Model
    action: Action
    changes: dict[str, Any]


class Journal:
    """The changes so far, one per row, in the order in which the rows were first touched."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], Change] = {}
        self._deeds: dict[tuple[str, str], Deed] = {}

    @property
    def changes(self) -> list[Change]:
        return list(self._changes.values())

    def note(
        self,
        verb: Verb,
        row: models.Model,
        name: str,
        *fields: str,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """A row that was just created is not said to have changed; several changes become one.

        `changes` are for the audit: `[before, after]` by column.
        """
        noun = str(row._meta.verbose_name)
        before = self._changes.get((noun, name))
        if before is None or before.verb != Verb.CREATED:
            fields = (before.fields if before else ()) + fields
            self._changes[noun, name] = Change(verb=verb, noun=noun, name=name, fields=fields)
        action = Action.ADDED if verb == Verb.CREATED else Action.CHANGED
        deed = self._deeds.setdefault((noun, name), Deed(row=row, action=action, changes={}))
        deed.changes.update(changes or {})

    def tell(self, actor: str) -> None:
        """Writes it all down in the audit, an entry for each row."""
        for deed in self._deeds.values():
            record(actor, deed.action, deed.row, changes=deed.changes)
