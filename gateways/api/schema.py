"""The platform's pages of this floor in words, for the OpenAPI schema, and everybody's errors."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers


class ErrorText(serializers.Serializer[None]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False, help_text="the field that is meant")


class Error(serializers.Serializer[None]):
    error = ErrorText()


ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429), Error)


class FieldDescription(serializers.Serializer[None]):
    id = serializers.CharField()
    name = serializers.CharField()
    group = serializers.CharField()
    type = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())


class GatewayFields(serializers.Serializer[None]):
    gateway = serializers.CharField(help_text="its slug")
    provider = serializers.CharField()
    fields_ = FieldDescription(many=True, required=False)
    error = ErrorText(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`fields` is a serializer's own word: the name is put right here."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class GatewaysFields(serializers.Serializer[None]):
    gateways = GatewayFields(many=True)


class GatewayAccount(serializers.Serializer[None]):
    gateway = serializers.CharField(help_text="its slug")
    provider = serializers.CharField()
    is_paused = serializers.BooleanField()
    account = serializers.DictField(child=serializers.CharField(), required=False)
    error = ErrorText(required=False)


class GatewaysAccounts(serializers.Serializer[None]):
    gateways = GatewayAccount(many=True)


_READING = dict.fromkeys((401, 403, 429), Error)

describe_fields = extend_schema(
    summary="The fields that contacts have at the providers",
    responses={200: GatewaysFields, **_READING},
)
describe_account = extend_schema(
    summary="Whether the providers answer, and what is left to send with",
    responses={200: GatewaysAccounts, **_READING},
)
