"""How the settings of a provider stand on a page: in groups, in the order of filling them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from gateway_project.lib.vocabulary import Channel

Line = str | tuple[str, ...]
"""A field, or several beside each other."""
NOTHING: tuple[object, ...] = (None, "", False, [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields under one heading.

    `is_rare`: shut as long as nothing is set in it. `channels`: those on which it means something,
    where it is not all; on others it is not shown unless something is set in it.
    """

    title: str
    lines: tuple[Line, ...]
    note: str = ""
    is_rare: bool = False
    channels: tuple[Channel, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in their order."""
        return tuple(name for line in self.lines for name in named(line))

    def is_for(self, channel: str) -> bool:
        return not self.channels or channel in self.channels


CERTIFICATE = Group(title="Certificate", lines=("authority",), is_rare=True)
"""Of the server, where nothing rare stands beside it."""


class ConfigForm(forms.Form):
    """Authentication & Configuration of one account, or the part of it that several share."""

    groups: ClassVar[tuple[Group, ...]] = ()
    """Every field is in one of them; the contract suite says so."""


def named(line: Line) -> tuple[str, ...]:
    return (line,) if isinstance(line, str) else line


def resting_value(field: forms.Field) -> Any:
    """What a field holds that nobody has touched."""
    if field.initial is None and isinstance(field, forms.ChoiceField):
        first: Any = next(iter(field.widget.choices))
        return first[0]
    return field.initial


def is_set(value: object, field: forms.Field) -> bool:
    """Whether a value, as it is kept or as it was typed, is another than the resting one."""
    return value not in NOTHING and str(value) != str(resting_value(field))


def shown_groups(
    form: type[ConfigForm], channel: str, config: Mapping[str, Any]
) -> tuple[Group, ...]:
    """The groups of an account on that channel."""
    return tuple(
        group for group in form.groups if group.is_for(channel) or holds(group, form, config)
    )


def holds(group: Group, form: type[ConfigForm], config: Mapping[str, Any]) -> bool:
    """Whether anything is set in it."""
    return any(is_set(config.get(name), form.base_fields[name]) for name in group.fields)
