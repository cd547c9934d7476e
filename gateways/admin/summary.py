"""All that was filled in about a gateway, in lines; of secrets only whether they are set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from gateway_project.lib.admin import SecretFormField
from gateways.admin.fields import LinesField
from gateways.admin.gateway_form import GatewayForm
from gateways.admin.screens import ACCESS, CONFIG, Screen, config_groups, provider_of
from gateways.models import Gateway
from gateways.models.gateway import shown_config
from gateways.providers.groups import Group, holds

EMPTY: Mapping[str, str] = {
    "brand": "any",
    "rate_per_second": "no limit",
    "expires_after": "the channel's default",
}
NONE, ANY = "none", "any"

Lines = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What each thing is called, and what it is set to. None where nothing of a group is set."""

    title: str = ""
    lines: Lines | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One screen's facts, in its groups."""

    key: str
    title: str
    facts: list[Facts]


def summary(form: GatewayForm) -> list[Part]:
    """A part for every screen of a form that shows what is saved."""
    return [
        Part(key=screen.key, title=screen.title, facts=_facts(form, screen))
        for screen in form.screens
    ]


def _facts(form: GatewayForm, screen: Screen) -> list[Facts]:
    if screen is not ACCESS:
        return [Facts(lines=_lines(form, screen.fields(form.instance)))]
    return [_facts_of(form, group) for group in config_groups(form.instance)]


def _facts_of(form: GatewayForm, group: Group) -> Facts:
    if group.is_rare and not _is_used(form.instance, group):
        return Facts(title=group.title, lines=None)
    return Facts(title=group.title, lines=_lines(form, (CONFIG + name for name in group.fields)))


def _is_used(gateway: Gateway, group: Group) -> bool:
    provider = provider_of(gateway)
    return provider is not None and holds(group, provider.Config, shown_config(gateway))


def _lines(form: GatewayForm, names: Iterable[str]) -> Lines:
    return [(str(form[name].label), _said(form, name)) for name in names]


def _said(form: GatewayForm, name: str) -> str:
    field, value = form.fields[name], form[name].initial
    if isinstance(field, SecretFormField):
        return "set" if name.removeprefix(CONFIG) in shown_config(form.instance) else "not set"
    if isinstance(field, LinesField):
        return ", ".join(map(str, value or ())) or ANY
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if value in (None, ""):
        return EMPTY.get(name, NONE)
    if isinstance(field, forms.ChoiceField):
        return _chosen(field, value)
    return str(field.prepare_value(value))


def _chosen(field: Any, value: Any) -> str:
    """The words of a choice."""
    return next((str(words) for key, words in field.choices if str(key) == str(value)), str(value))
