"""The providers that this installation knows, by slug."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured, ValidationError
from django.forms import Form
from django.utils.module_loading import import_string

from gateway_project.lib.personal import Personal
from gateways.providers.base import Provider
from gateways.providers.fields import Destination, Secret


def provider_classes() -> Mapping[str, type[Provider]]:
    """Every registered provider by its slug, in the order of `settings.PROVIDERS`."""
    return _imported(tuple(settings.PROVIDERS))


@cache
def _imported(paths: tuple[str, ...]) -> Mapping[str, type[Provider]]:
    classes: dict[str, type[Provider]] = {}
    for cls in _named(paths):
        if cls.slug in classes:
            raise ImproperlyConfigured(f"PROVIDERS: two providers are called {cls.slug}")
        classes[cls.slug] = cls
    return MappingProxyType(classes)


def _named(paths: Iterable[str]) -> Iterable[type[Provider]]:
    """The classes at these paths, each of which leads to one or to a tuple of a family's."""
    for path in paths:
        found = import_string(path)
        yield from found if isinstance(found, tuple) else (found,)


def provider_class(slug: str) -> type[Provider]:
    """The provider of that slug. Raises LookupError, naming those there are."""
    classes = provider_classes()
    if slug not in classes:
        raise LookupError(f"no provider is called {slug!r}; there are {', '.join(classes)}")
    return classes[slug]


def build(slug: str, config: Mapping[str, Any], **urls: str) -> Provider:
    """The adapter of one gateway, with its URLs (`webhook_url`, `status_url`, `public_url`).
    `config` was validated when it was saved.
    """
    return provider_class(slug)(config, **urls)


def secret_fields(cls: type[Provider]) -> set[str]:
    """The names of the Config fields that are never shown again."""
    return {name for name, field in cls.Config.base_fields.items() if isinstance(field, Secret)}


def destinations(cls: type[Provider], config: Mapping[str, Any]) -> dict[str, object]:
    """Where an account of this configuration shows its secrets, by field."""
    fields = cls.Config.base_fields.items()
    found = {
        name: field.destination(config[name])
        for name, field in fields
        if isinstance(field, Destination) and name in config
    }
    return {name: destination for name, destination in found.items() if destination}


def secret_values(provider: Provider) -> list[Personal]:
    """Every secret of the account, those in a mapping singly: what no text may repeat."""
    values = [provider.config.get(name) for name in secret_fields(type(provider))]
    singly = [each for value in values for each in _singly(value)]
    return [Personal(text) for text in singly if text]


def _singly(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, Mapping) else (value,)


def validate_config(cls: type[Provider], config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as it is kept: converted, left-out fields at their initial, empty ones out.

    Raises ValidationError with messages by field; none of them repeats a value.
    """
    fields = cls.Config.base_fields
    initial = {name: field.initial for name, field in fields.items() if field.initial is not None}
    form = cls.Config(data={**initial, **config})
    problems = {name: ["There is no such key."] for name in config if name not in fields}
    if not form.is_valid():
        problems |= _problems(form)
    if problems:
        raise ValidationError(problems)
    return {name: value for name, value in form.cleaned_data.items() if value not in (None, "", {})}


def _problems(form: Form) -> dict[str, list[str]]:
    return {
        name or NON_FIELD_ERRORS: [_words(error) for error in errors]
        for name, errors in form.errors.as_data().items()
    }


def _words(error: ValidationError) -> str:
    """Django's message with what was typed left out of it."""
    params = {**(error.params or {}), "value": "This value"}
    return str(error.message) % params if error.params else str(error.message)
