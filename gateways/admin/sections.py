"""A gateway's form as it is drawn: lines under the headings of the provider's groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.text import slugify

from gateway_project.lib.admin import AdminForm, SecretFormField
from gateways.admin.gateway_form import GatewayForm
from gateways.admin.screens import CONFIG, config_groups, provider_of
from gateways.models.gateway import shown_config
from gateways.providers.groups import Group, holds, is_set

TEMPLATE = "admin/gateways/sections.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines that stand together. Those of no group have no title, and are always open."""

    lines: tuple[Any, ...]
    title: str = ""
    note: str = ""
    errors: int = 0
    is_open: bool = True

    @property
    def key(self) -> str:
        return slugify(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong at a field: where that is, what it is called, and the words."""

    field_id: str
    label: str
    text: str


class GroupedForm(AdminForm):  # type: ignore[misc]
    """The admin's view of a gateway's form, in whose fieldsets the groups can be seen."""

    def __iter__(self) -> Iterator[Any]:
        for fieldset in super().__iter__():
            fieldset.template = TEMPLATE
            fieldset.sections = _sections(fieldset, self.form)
            yield fieldset

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with it, field by field, in the order of the page."""
        names = [name for _, options in self.fieldsets for name in options["fields"]]
        flat = [each for name in names for each in ([name] if isinstance(name, str) else name)]
        return [
            Problem(
                field_id=self.form[name].id_for_label,
                label=str(self.form[name].label),
                text=" ".join(self.form.errors[name]),
            )
            for name in flat
            if name in self.form.errors
        ]


def _sections(fieldset: Any, form: GatewayForm) -> list[Section]:
    groups = {
        CONFIG + name: group for group in config_groups(form.instance) for name in group.fields
    }
    together = groupby(fieldset, key=lambda line: groups.get(line.fields[0]))
    return [_section(group, tuple(lines), form) for group, lines in together]


def _section(group: Group | None, lines: tuple[Any, ...], form: GatewayForm) -> Section:
    if group is None:
        return Section(lines=lines)
    errors = sum(CONFIG + name in form.errors for name in group.fields)
    is_open = bool(errors) or not group.is_rare or _holds(group, form)
    return Section(lines=lines, title=group.title, note=group.note, errors=errors, is_open=is_open)


def _holds(group: Group, form: GatewayForm) -> bool:
    """Whether anything is set in it, or was typed into it."""
    provider = provider_of(form.instance)
    if provider is None:
        return False
    declared = provider.Config.base_fields
    return holds(group, provider.Config, shown_config(form.instance)) or any(
        is_set(_typed(form, CONFIG + name), declared[name]) for name in group.fields
    )


def _typed(form: GatewayForm, name: str) -> Any:
    """What a browser sent; of a secret, nothing is told."""
    if not form.is_bound or isinstance(form.fields[name], SecretFormField):
        return None
    return form.fields[name].widget.value_from_datadict(form.data, form.files, name)
