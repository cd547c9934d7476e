"""What may stand in a configuration file, and which column it becomes.

One declaration for both ways: `source` names the column, and a group of keys whose columns belong
to the row around it has the source `*`.
"""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as FormError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.callers import SECRET_LENGTH
from gateways.config_file.fields import (
    CallbackHostField,
    ChoiceField,
    DigestField,
    DirectoryField,
    DomainField,
    NetworkField,
    ScalarField,
    SealedDictField,
    SealedField,
    StatusesField,
    Strict,
    UserIdsField,
    hidden,
)
from gateways.models.gateway import OnUnknown, UnknownSender
from gateways.models.label import NAME_LENGTH, ExtensionPolicy, all_statuses
from gateways.models.template import FieldType
from gateways.providers.registry import (
    provider_class,
    provider_classes,
    secret_fields,
    validate_config,
)

SLUG_LENGTH = 64
SENDER_LENGTH = 320
FILTER_PROPERTIES = 2


class Named(Strict):
    """What has a slug, by which it is known, and a name, which is the slug where it is left out."""

    slug = serializers.SlugField(max_length=SLUG_LENGTH)
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)

    def validate(self, attrs: Any) -> Any:
        return {"name": attrs["slug"], **attrs}


class BrandSlugField(serializers.SlugField):
    """A brand of the label, by its slug."""

    def to_representation(self, value: Any) -> str:
        return str(value.slug)


class KeySchema(Strict):
    kind = ChoiceField(KeyKind.choices)
    secret = DigestField(source="digest", max_length=SECRET_LENGTH)
    brand = BrandSlugField(default=None)


class CallbackSchema(Strict):
    url = SealedField(source="callback_url", default=None, max_length=2048)
    api_key = SealedField(source="callback_api_key", default=None, max_length=1024)
    hosts = serializers.ListField(source="callback_hosts", child=CallbackHostField(), default=list)
    statuses = StatusesField(source="callback_statuses", default=all_statuses)


class RetentionSchema(Strict):
    bodies_days = serializers.IntegerField(min_value=1, required=False)
    events_days = serializers.IntegerField(min_value=1, required=False)

    def to_representation(self, instance: Any) -> Any:
        return dict(instance)


class AlertsSchema(Strict):
    emails = serializers.ListField(child=serializers.EmailField(), required=False)
    webhook = serializers.URLField(required=False)


class AlertsField(serializers.Field):  # type: ignore[type-arg]
    """Who is told when something breaks. Kept encrypted as a whole; None where nobody is."""

    def to_internal_value(self, data: Any) -> Any:
        values = AlertsSchema().run_validation(data)
        return Personal(dict(values)) if values else None

    def to_representation(self, value: Any) -> Any:
        return hidden(value.reveal())


class BrandSchema(Named):
    is_paused = serializers.BooleanField(default=False)


class TemplateFieldSchema(Strict):
    name = serializers.CharField(max_length=64)
    type = ChoiceField(FieldType.choices, default=FieldType.TEXT)
    required_ = serializers.BooleanField(default=False)
    choices = serializers.ListField(child=ScalarField(), default=list)

    def get_fields(self) -> Any:
        return _renamed(super().get_fields(), "required_", "required")

    def validate(self, attrs: Any) -> Any:
        takes_choices = attrs["type"] == FieldType.CHOICE
        if takes_choices != bool(attrs["choices"]):
            wrong = "are missing" if takes_choices else "only a field of type choice has them"
            raise ValidationError({"choices": wrong})
        if len(set(attrs["choices"])) < len(attrs["choices"]):
            raise ValidationError({"choices": "one is given twice"})
        return attrs


class TemplateSchema(Named):
    fields_ = TemplateFieldSchema(many=True, default=list)

    def get_fields(self) -> Any:
        return _renamed(super().get_fields(), "fields_", "fields")


class FromSchema(Strict):
    default = serializers.CharField(source="from_default", default="", max_length=SENDER_LENGTH)
    allowed = serializers.ListField(
        source="from_allowed", child=serializers.CharField(max_length=SENDER_LENGTH), default=list
    )


class ConfigField(serializers.DictField):
    """A provider's own configuration. Its secrets are those that the provider declares."""

    def to_internal_value(self, data: Any) -> Any:
        return Personal(super().to_internal_value(data))

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> Any:
        config = value.config.reveal() if value.config else {}
        try:
            secret = secret_fields(provider_class(value.provider))
        except LookupError:
            secret = set(config)
        return {name: hidden(inner) if name in secret else inner for name, inner in config.items()}


class GatewaySchema(Named):
    channel = ChoiceField(Channel.choices)
    provider = serializers.CharField(max_length=SLUG_LENGTH)
    brand = BrandSlugField(default=None)
    filters = serializers.DictField(
        child=serializers.ListField(child=ScalarField(), allow_empty=False), default=dict
    )
    config = ConfigField(required=False)
    from_ = FromSchema(source="*", required=False)
    rate_per_second = serializers.IntegerField(min_value=1, max_value=1_000_000, default=None)
    expires_after = serializers.IntegerField(min_value=1, max_value=31_536_000, default=None)
    on_unknown = ChoiceField(OnUnknown.choices, default=OnUnknown.PARK)
    unknown_sender = ChoiceField(UnknownSender.choices, default=UnknownSender.DEFAULT)
    is_active = serializers.BooleanField(default=True)
    is_paused = serializers.BooleanField(default=False)

    def get_fields(self) -> Any:
        return _renamed(super().get_fields(), "from_", "from")

    def validate(self, attrs: Any) -> Any:
        attrs = super().validate(attrs)
        try:
            provider = provider_class(attrs["provider"])
        except LookupError:
            known = ", ".join(provider_classes())
            raise ValidationError({"provider": f"must be one of {known}"}) from None
        if attrs["channel"] not in provider.channels:
            channels = ", ".join(provider.channels)
            raise ValidationError({"channel": f"{provider.slug} serves only {channels}"})
        try:
            config = validate_config(
                provider, attrs["config"].reveal() if "config" in attrs else {}
            )
        except FormError as error:
            raise ValidationError({"config": _own_words(error)}) from None
        return {**attrs, "config": Personal(config)}


class LabelSchema(Named):
    keys = KeySchema(many=True, default=list)
    allowed_ips = serializers.ListField(child=NetworkField(), default=list)
    callback = CallbackSchema(source="*", required=False)
    preview_domains = serializers.ListField(child=DomainField(), default=list)
    filter_properties = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=FILTER_PROPERTIES
    )
    extension_policy = ChoiceField(ExtensionPolicy.choices, default=ExtensionPolicy.REFUSE)
    user_ids = UserIdsField(default=dict)
    directory = DirectoryField(default=dict)
    retention = RetentionSchema(required=False)
    required_headers = SealedDictField(default=None)
    alerts = AlertsField(default=None)
    is_paused = serializers.BooleanField(default=False)
    brands = BrandSchema(many=True, default=list)
    templates = TemplateSchema(many=True, default=list)
    gateways = GatewaySchema(many=True, default=list)


class FileSchema(Strict):
    labels = LabelSchema(many=True, allow_empty=False)


def words_of_the_file(schema: Strict, before: str = "") -> dict[str, str]:
    """What each column of a row is called in the file: `callback_url` is `callback.url`."""
    words: dict[str, str] = {}
    for name, field in schema.fields.items():
        if isinstance(field, Strict) and field.source == "*":
            words |= words_of_the_file(field, f"{name}.")
        else:
            words[str(field.source)] = before + name
    return words


def _renamed(fields: Any, attribute: str, name: str) -> Any:
    """A key of the file that cannot be the name of a class attribute, in the same position."""
    return type(fields)((name if key == attribute else key, field) for key, field in fields.items())


def _own_words(error: FormError) -> dict[str, Any]:
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: messages
        for name, messages in error.message_dict.items()
    }
