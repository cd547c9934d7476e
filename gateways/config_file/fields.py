"""The kinds of values in a configuration file: read from it, kept in a column, written back."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as FormError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.callback_hosts import CallbackRefused, check_callback_host
from gateways.config_file.strict import Strict
from gateways.directory_kinds import KINDS, STORED
from gateways.models.key import secret_digest
from gateways.providers.fields import HttpUrlField
from gateways.providers.proofs import is_standard_secret
from gateways.providers.registry import secret_fields, validate_config
from gateways.senders import entry_problem


class _LeftOut:
    """Stands in an export where a secret would; the exporter puts a placeholder there."""

    def __repr__(self) -> str:
        return "SECRET"


SECRET = _LeftOut()


def hidden(value: Any) -> Any:
    """The same shape with every value left out."""
    if isinstance(value, Mapping):
        return {name: hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [hidden(inner) for inner in value]
    return SECRET


class ChoiceField(serializers.ChoiceField):
    """One word of a table. What was written instead is not repeated."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = f"must be one of {', '.join(self.choices)}"


class ScalarField(serializers.CharField):
    """Text; a number or a truth value is taken as its text."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(str(data).lower() if isinstance(data, bool) else data)


class SealedField(serializers.CharField):
    """Text that is kept encrypted and never written back."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = super().run_validation(data)
        return None if text is None else Personal(text)

    def to_representation(self, value: Any) -> Any:
        return SECRET


class SealedUrlField(SealedField):
    """A URL that is called, kept encrypted: it may hold a secret."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            HttpUrlField().clean(text)
        except FormError as error:
            raise ValidationError(error.messages) from None
        return text


class WebhookSecretField(serializers.CharField):
    """A secret of Standard Webhooks."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_standard_secret(text):
            raise ValidationError("is not a secret of Standard Webhooks: whsec_ and Base64")
        return text


class WebhookSecretsField(serializers.ListField):
    """Several, the newest first, kept encrypted as a whole; None where there are none."""

    child = WebhookSecretField()

    def run_validation(self, data: Any = serializers.empty) -> Any:
        secrets = super().run_validation(data)
        return Personal(secrets) if secrets else None

    def to_representation(self, value: Any) -> Any:
        return hidden(value.reveal())


class DigestField(serializers.CharField):
    """A secret of which only a digest is kept."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return secret_digest(super().run_validation(data))

    def to_representation(self, value: Any) -> Any:
        return SECRET


class SealedDictField(serializers.DictField):
    """Texts by name, kept encrypted; the names are written back. None where there are none."""

    child = serializers.CharField()

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return Personal(values) if values else None

    def to_representation(self, value: Any) -> Any:
        return hidden(value.reveal())


class NetworkField(serializers.CharField):
    """An IP network or a single address."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return str(ipaddress.ip_network(text))
        except ValueError:
            loose = _loose_network(text)
            hint = f"; the network of this address is {loose}" if loose else ""
            raise ValidationError(f"is not an IP network such as 203.0.113.0/24{hint}") from None


def _loose_network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return ""


class CallbackHostField(serializers.CharField):
    """A host that may be called back: `host`, `*.host`, `http://host:port` or `https://host:port`."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return check_callback_host(super().to_internal_value(data))
        except CallbackRefused as refused:
            raise ValidationError(str(refused)) from None


class RateField(serializers.IntegerField):
    """How many a second at most; None for as many as can be."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=1_000_000, default=None, **kwargs)


class DomainField(serializers.RegexField):
    """A mail domain, in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
        super().__init__(rf"^(?:{label}\.)+{label}$", max_length=253, **kwargs)
        self.error_messages["invalid"] = "is not a domain such as example.com"

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data.lower() if isinstance(data, str) else data)


class SenderEntryField(serializers.CharField):
    """An entry of a list of senders on this channel: a sender, or a mail domain."""

    def __init__(self, channel: Channel, **kwargs: Any) -> None:
        super().__init__(max_length=320, **kwargs)
        self.channel = channel

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        problem = entry_problem(self.channel, text)
        if problem:
            raise ValidationError(problem)
        return text


class WordsField(serializers.ListField):
    """Some of these words, kept in their own order."""

    def __init__(self, words: Iterable[str], **kwargs: Any) -> None:
        self.words = [str(word) for word in words]
        super().__init__(child=ChoiceField(self.words), **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        chosen = super().to_internal_value(data)
        return [word for word in self.words if word in chosen]


class UserIdsField(serializers.Field):  # type: ignore[type-arg]
    """`exact`, kept as {}, or `{strip_prefix: text}`."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if data == "exact":
            return {}
        if not isinstance(data, Mapping):
            raise ValidationError('must be exact or {strip_prefix: "..."}')
        return dict(_StripPrefix().run_validation(data))

    def to_representation(self, value: Any) -> Any:
        return value or "exact"


class _StripPrefix(Strict):
    strip_prefix = serializers.CharField(max_length=255, trim_whitespace=False)


class DirectoryField(serializers.Field):  # type: ignore[type-arg]
    """Where addresses come from: `{kind: stored}`, kept as None, or a kind with its own keys.

    Kept encrypted as a whole.
    """

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError("must be {kind: stored}, or another kind with its keys")
        kind, keys = data.get("kind", STORED), {key: data[key] for key in data if key != "kind"}
        if kind == STORED and not keys:
            return None
        if not isinstance(kind, str) or kind not in KINDS:
            known = ", ".join((STORED, *KINDS))
            raise ValidationError(
                {"kind": f"must be one of {known}"}
                if kind != STORED
                else dict.fromkeys(keys, "there is no such key")
            )
        given = {key: value for key, value in keys.items() if value is not None}
        try:
            return Personal({"kind": kind, **validate_config(KINDS[kind], given)})
        except FormError as error:
            raise ValidationError(form_problems(error)) from None

    def to_representation(self, value: Any) -> Any:
        settings = value.reveal()
        secret = secret_fields(KINDS[settings["kind"]])
        return {name: hidden(each) if name in secret else each for name, each in settings.items()}


def form_problems(error: FormError) -> dict[str, Any]:
    """A form's messages by field, as a schema has them."""
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: messages
        for name, messages in error.message_dict.items()
    }


class BrandSlugField(serializers.SlugField):
    """A brand of the label, by its slug."""

    def to_representation(self, value: Any) -> str:
        return str(value.slug)
