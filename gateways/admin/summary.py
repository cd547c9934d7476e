"""All that was filled in about a gateway, in lines; of secrets only whether they are set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from gateway_project.lib.admin import SecretFormField
from gateways.admin.fields import LinesField
from gateways.admin.gateway_form import GatewayForm
from gateways.admin.screens import CONFIG
from gateways.models.gateway import config_of

EMPTY: Mapping[str, str] = {
    "brand": "any",
    "rate_per_second": "no limit",
    "expires_after": "the channel's default",
}
NONE, ANY = "none", "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One screen's lines: what each is called, and what it is set to."""

    key: str
    title: str
    lines: list[tuple[str, str]]


def summary(form: GatewayForm) -> list[Part]:
    """A part for every screen of a form that shows what is saved."""
    return [
        Part(
            key=screen.key,
            title=screen.title,
            lines=[
                (str(form[name].label), _said(form, name)) for name in screen.fields(form.instance)
            ],
        )
        for screen in form.screens
    ]


def _said(form: GatewayForm, name: str) -> str:
    field, value = form.fields[name], form[name].initial
    if isinstance(field, SecretFormField):
        return "set" if name.removeprefix(CONFIG) in config_of(form.instance) else "not set"
    if isinstance(field, LinesField):
        return ", ".join(map(str, value or ())) or ANY
    if value in (None, ""):
        return EMPTY.get(name, NONE)
    return _chosen(field, value) if isinstance(field, forms.ChoiceField) else str(value)


def _chosen(field: Any, value: Any) -> str:
    """The words of a choice."""
    return next((str(words) for key, words in field.choices if str(key) == str(value)), str(value))
