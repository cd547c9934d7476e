"""The form fields of a gateway that no column describes: drawn from its provider and its label."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy

from django import forms
from django.utils.html import escape

from gateway_project.lib.admin import SecretFormField, dress
from gateway_project.lib.vocabulary import Channel
from gateways.admin.fields import LinesField
from gateways.admin.screens import (
    ACCESS,
    CONDITIONS,
    CONFIG,
    FILTER,
    SENDERS,
    Screen,
    config_fields,
    filter_fields,
)
from gateways.config_file.fields import ScalarField, SenderEntryField
from gateways.models import Gateway
from gateways.models.gateway import shown_config
from gateways.providers.registry import provider_class, secret_fields

Fields = dict[str, forms.Field]

ENTRIES = {
    Channel.EMAIL: "One on each line: an address, with a name or without, or a whole domain. "
    "Empty: any."
}


def drawn_fields(gateway: Gateway, screens: Iterable[Screen]) -> Fields:
    """The fields of these screens, by the names under which the screens list them."""
    drawn = [DRAWN[screen.key](gateway) for screen in screens if screen.key in DRAWN]
    return {name: field for fields in drawn for name, field in fields.items()}


def _filters(gateway: Gateway) -> Fields:
    return {name: _filter(gateway, name.removeprefix(FILTER)) for name in filter_fields(gateway)}


def _filter(gateway: Gateway, name: str) -> forms.Field:
    return LinesField(
        ScalarField(),
        label=f"Only where {name} is",
        initial=gateway.filters.get(name, []),
        help_text="One value on each line. Empty: any.",
    )


def _config(gateway: Gateway) -> Fields:
    return {name: _setting(gateway, name.removeprefix(CONFIG)) for name in config_fields(gateway)}


def _setting(gateway: Gateway, name: str) -> forms.Field:
    """A field of the provider's Config; of a secret only whether it is set."""
    provider = provider_class(gateway.provider)
    declared = provider.Config.base_fields[name]
    help_text = escape(declared.help_text)
    label = declared.label or name.replace("_", " ").capitalize()
    if name in secret_fields(provider):
        is_set = name in shown_config(gateway)
        state = "Saved, and not shown. Left empty, it stays as it is." if is_set else "Not set."
        return SecretFormField(
            is_long=isinstance(declared.widget, forms.Textarea),
            required=declared.required and not is_set,
            label=label,
            help_text=f"{state} {help_text}".strip(),
        )
    field = deepcopy(declared)
    field.label, field.initial = label, shown_config(gateway).get(name, declared.initial)
    field.help_text = help_text
    return dress(field)


def _senders(gateway: Gateway) -> Fields:
    labels = {"from_allowed": 'Allowed "From"', "reply_to_allowed": "Allowed Reply-to"}
    names = labels.keys() & SENDERS.fields(gateway)
    return {name: _list_of_senders(Channel(gateway.channel), labels[name]) for name in names}


def _list_of_senders(channel: Channel, label: str) -> forms.Field:
    help_text = ENTRIES.get(channel, "One on each line. Empty: any.")
    return LinesField(SenderEntryField(channel), label=label, help_text=help_text)


DRAWN: Mapping[str, Callable[[Gateway], Fields]] = {
    CONDITIONS.key: _filters,
    ACCESS.key: _config,
    SENDERS.key: _senders,
}
