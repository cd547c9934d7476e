"""Gateways in a configuration file. Their `config` is held to the provider's own form."""

import math
from typing import Any

from django.core.exceptions import ValidationError as FormError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.config_file.fields import (
    BrandSlugField,
    ChoiceField,
    RateField,
    ScalarField,
    form_problems,
    hidden,
)
from gateways.config_file.strict import SLUG_LENGTH, Named, PausedField, Strict, renamed
from gateways.models.gateway import MOST_TIMES, OnUnknown, UnknownSender
from gateways.providers.registry import (
    provider_class,
    provider_classes,
    secret_fields,
    validate_config,
)
from gateways.senders import entry_problem, sender_problem

SENDER_LENGTH = 320


class FromSchema(Strict):
    default = serializers.CharField(source="from_default", default="", max_length=SENDER_LENGTH)
    allowed = serializers.ListField(
        source="from_allowed", child=serializers.CharField(max_length=SENDER_LENGTH), default=list
    )


class ReplyToSchema(Strict):
    default = serializers.CharField(source="reply_to_default", default="", max_length=SENDER_LENGTH)
    allowed = serializers.ListField(
        source="reply_to_allowed",
        child=serializers.CharField(max_length=SENDER_LENGTH),
        default=list,
    )


class NumberField(serializers.FloatField):
    """A number that can be compared: YAML knows others."""

    def to_internal_value(self, data: Any) -> float:
        number: float = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class GuardSchema(Strict):
    is_on = serializers.BooleanField(source="guard_is_on", default=False)
    times = NumberField(source="guard_times", min_value=1, max_value=MOST_TIMES, default=3.0)
    least = serializers.IntegerField(
        source="guard_least", min_value=1, max_value=1_000_000_000, default=1_000
    )
    failure_share = NumberField(
        source="guard_failure_share", min_value=0.01, max_value=1, default=0.5, allow_null=True
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
    reply_to = ReplyToSchema(source="*", required=False)
    rate_per_second = RateField()
    blast_guard = GuardSchema(source="*", required=False)
    expires_after = serializers.IntegerField(min_value=1, max_value=31_536_000, default=None)
    on_unknown = ChoiceField(OnUnknown.choices, default=OnUnknown.PARK)
    unknown_sender = ChoiceField(UnknownSender.choices, default=UnknownSender.DEFAULT)
    is_active = serializers.BooleanField(default=True)
    is_paused = PausedField()

    def get_fields(self) -> Any:
        return renamed(super().get_fields(), "from_", "from")

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
            raise ValidationError({"config": form_problems(error)}) from None
        _check_senders(attrs)
        return {**attrs, "config": Personal(config)}


def _check_senders(attrs: Any) -> None:
    """Raises ValidationError with the first sender that no message can leave with."""
    for key, channel in (("from", attrs["channel"]), ("reply_to", Channel.EMAIL)):
        default = attrs.get(f"{key}_default", "")
        problem = sender_problem(channel, default) if default else None
        if problem:
            raise ValidationError({key: {"default": problem}})
        for place, entry in enumerate(attrs.get(f"{key}_allowed", ()), start=1):
            if problem := entry_problem(channel, entry):
                raise ValidationError({key: {"allowed": f"entry {place} {problem}"}})
