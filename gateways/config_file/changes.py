"""What applying a configuration file did, in readable lines."""

from dataclasses import dataclass
from enum import StrEnum


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


class Journal:
    """The changes so far, one per row, in the order in which the rows were first touched."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], Change] = {}

    @property
    def changes(self) -> list[Change]:
        return list(self._changes.values())

    def note(self, verb: Verb, noun: str, name: str, *fields: str) -> None:
        """A row that was just created is not said to have changed; several changes become one."""
        before = self._changes.get((noun, name))
        if before is None or before.verb != Verb.CREATED:
            fields = (before.fields if before else ()) + fields
            self._changes[noun, name] = Change(verb=verb, noun=noun, name=name, fields=fields)
