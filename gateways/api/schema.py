"""The platform's pages of this floor in words, for the OpenAPI schema, and everybody's errors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from gateways.api.platform.queries import LIMIT, MOST
from gateways.api.platform.repeats import HEADER


class ErrorText(serializers.Serializer[None]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False, help_text="the field that is meant")


class Error(serializers.Serializer[None]):
    error = ErrorText()


REFUSED = dict.fromkeys((401, 403, 404, 405, 406, 422, 429, 503), Error)
ERRORS = REFUSED | dict.fromkeys((400, 409, 413, 415), Error)
PAGE = (
    OpenApiParameter("limit", int, description=f"1 to {MOST:,} rows; {LIMIT} if not said"),
    OpenApiParameter("cursor", str, description="`next` of the page before"),
)
NAME = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A name of your own: who sends the same again under it within 24 hours is "
    "answered as the first time, and nothing is done twice.",
)
REFUSAL = OpenApiExample(
    "refused",
    {"error": {"code": "invalid", "message": "email is not one e-mail address", "field": "email"}},
    response_only=True,
    status_codes=["422"],
)
Describe = Callable[[Any], Any]


def reading(
    summary: str,
    operation: str,
    answer: Any,
    *,
    parameters: Sequence[OpenApiParameter] = (),
    examples: Sequence[OpenApiExample] = (),
) -> Describe:
    """Describes a GET, with what all of them may answer besides."""
    return extend_schema(
        summary=summary,
        operation_id=operation,
        parameters=[*parameters],
        responses={200: answer, **REFUSED},
        examples=[*examples],
    )


def changing(
    summary: str,
    operation: str,
    answers: Mapping[int, Any],
    *,
    request: Any = None,
    examples: Sequence[OpenApiExample] = (),
) -> Describe:
    """Describes a request that changes something, which may have a name."""
    return extend_schema(
        summary=summary,
        operation_id=operation,
        parameters=[NAME],
        request=request,
        responses={**answers, **ERRORS},
        examples=[*examples, REFUSAL],
    )


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


describe_fields = reading(
    "The fields that contacts have at the providers", "list_fields", GatewaysFields
)
describe_account = reading(
    "Whether the providers answer, and what is left to send with", "check_account", GatewaysAccounts
)
describe_document = reading("This document", "read_document", OpenApiTypes.OBJECT)
