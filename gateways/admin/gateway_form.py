"""The form of a gateway: one part of it is drawn from the provider's own Config."""

from copy import deepcopy
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from gateway_project.lib.admin import SecretFormField, dress
from gateways.admin.fields import LinesField
from gateways.admin.locking import SeenForm
from gateways.config_file.fields import ScalarField
from gateways.config_file.gateway_schema import SENDER_LENGTH
from gateways.models import Brand, Gateway
from gateways.providers.base import Provider
from gateways.providers.registry import (
    provider_class,
    provider_classes,
    secret_fields,
    validate_config,
)

CONFIG, FILTER = "config_", "filter_"


class NewGatewayForm(forms.ModelForm):  # type: ignore[type-arg]
    """The first page: which account it will be. It stays inactive until the rest is filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(slug, cls.title) for slug, cls in provider_classes().items()]
        self.fields["provider"] = dress(forms.ChoiceField(choices=choices, widget=forms.Select()))

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        brand, provider = cleaned.get("brand"), provider_class(cleaned.get("provider", "sandbox"))
        if brand is not None and brand.label != cleaned.get("label"):
            self.add_error("brand", "This brand belongs to another label.")
        if cleaned.get("channel") and cleaned["channel"] not in provider.channels:
            titles = ", ".join(channel.label for channel in provider.channels)
            self.add_error("channel", f"{provider.title} serves only {titles}.")
        self.instance.is_active = False
        return cleaned


class GatewayForm(SeenForm):
    """A gateway's Conditions, its provider's Config, and its "From" config."""

    unwatched = frozenset({"is_paused", "paused_because", "token", "token_digest"})
    from_allowed = LinesField(ScalarField(max_length=SENDER_LENGTH))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "brand" in self.fields:
            self.fields["brand"].queryset = Brand.objects.filter(  # type: ignore[attr-defined]
                label=self.instance.label
            )

    def clean(self) -> Any:
        cleaned = super().clean()
        names = [name.removeprefix(CONFIG) for name in self.fields if name.startswith(CONFIG)]
        if names and not any(name.startswith(CONFIG) for name in self.errors):
            self._clean_config(names)
        return cleaned

    def _clean_config(self, names: list[str]) -> None:
        provider = provider_class(self.instance.provider)
        typed = {name: self.cleaned_data[CONFIG + name] for name in names}
        kept = {
            name: value
            for name, value in config_of(self.instance).items()
            if name in secret_fields(provider) and not typed.get(name)
        }
        try:
            config = validate_config(provider, {**typed, **kept})
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(None if name == NON_FIELD_ERRORS else CONFIG + name, messages)
        else:
            if config != config_of(self.instance):
                self.instance.config = config

    def save(self, commit: bool = True) -> Gateway:
        wanted = {
            name.removeprefix(FILTER): self.cleaned_data[name]
            for name in self.fields
            if name.startswith(FILTER)
        }
        self.instance.filters = {name: values for name, values in wanted.items() if values}
        row: Gateway = super().save(commit)
        return row


def form_for(gateway: Gateway) -> type[GatewayForm]:
    """The form of this gateway's provider and of its label's filter properties."""
    fields = {name: _filter_field(gateway, name) for name in filter_fields(gateway)}
    provider = provider_of(gateway)
    if provider:
        for name in provider.Config.base_fields:
            fields[CONFIG + name] = _config_field(gateway, provider, name)
    return type("GatewayForm", (GatewayForm,), fields)


def filter_fields(gateway: Gateway) -> list[str]:
    """The form fields of the filters, at most two unless more were set when more were allowed."""
    names = dict.fromkeys([*gateway.label.filter_properties, *gateway.filters])
    return [FILTER + name for name in names]


def config_fields(gateway: Gateway) -> list[str]:
    """The form fields of the provider's Config; none where the provider is gone."""
    provider = provider_of(gateway)
    return [CONFIG + name for name in provider.Config.base_fields] if provider else []


def provider_of(gateway: Gateway) -> type[Provider] | None:
    return provider_classes().get(gateway.provider)


def config_of(gateway: Gateway) -> dict[str, Any]:
    return gateway.config.reveal() if gateway.config else {}


def _filter_field(gateway: Gateway, field_name: str) -> forms.Field:
    name = field_name.removeprefix(FILTER)
    return LinesField(
        ScalarField(),
        label=f"Only where {name} is",
        initial=gateway.filters.get(name, []),
        help_text="One value on each line. Empty: any.",
    )


def _config_field(gateway: Gateway, provider: type[Provider], name: str) -> forms.Field:
    declared = provider.Config.base_fields[name]
    label = declared.label or name.replace("_", " ").capitalize()
    if name in secret_fields(provider):
        state = "Saved, and not shown." if name in config_of(gateway) else "Not set."
        return SecretFormField(
            is_long=isinstance(declared.widget, forms.Textarea),
            label=label,
            help_text=f"{state} Left empty, it stays as it is. {declared.help_text}".strip(),
        )
    field = deepcopy(declared)
    field.label, field.initial = label, config_of(gateway).get(name, declared.initial)
    return dress(field)
