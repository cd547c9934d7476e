"""The send APIs in words, for the OpenAPI schema. What is checked stands in `requests.py`."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from messages_app.requests import ACTIVITY_TYPES


class Answer(serializers.Serializer[None]):
    """Always with HTTP 200; `error_code` 0 is acceptance."""

    error_code = serializers.IntegerField(help_text="0, or the number of a refusal")
    ext_message_id = serializers.UUIDField(required=False, help_text="with error_code 0")
    error_message = serializers.CharField(required=False, help_text="with a refusal")


class AnyMessage(serializers.Serializer[None]):
    ext_user_id = serializers.CharField(max_length=255, help_text="the user's id on the platform")
    callback_url = serializers.CharField(
        required=False, help_text="called with each status; its host is on the label's list"
    )


class EmailMessage(AnyMessage):
    email_uid = serializers.CharField(max_length=255, help_text="Smartico's id of the message")
    from_email_address = serializers.CharField(required=False)
    reply_to_email_address = serializers.CharField(required=False)
    subject = serializers.CharField(required=False)
    body = serializers.CharField(required=False, help_text="HTML; this or text_body")
    text_body = serializers.CharField(required=False)
    activity_type = serializers.ChoiceField(choices=ACTIVITY_TYPES, required=False)
    to_email_address = serializers.CharField(required=False, help_text="with activity_type only")


class InstantMessage(AnyMessage):
    im_uid = serializers.CharField(max_length=255, help_text="Smartico's id of the message")
    body = serializers.CharField()
    from_number = serializers.CharField(required=False, allow_null=True)


class CustomInstantMessage(InstantMessage):
    extension = serializers.DictField(required=False, help_text="the template's fields")


EXAMPLES = [
    OpenApiExample(
        "accepted",
        {"error_code": 0, "ext_message_id": "0199a540-f662-7eb3-a1ee-be560242ac12"},
        response_only=True,
    ),
    OpenApiExample(
        "refused", {"error_code": 1, "error_message": "User was not found"}, response_only=True
    ),
]

describe_email = extend_schema(
    summary="Send an e-mail", request=EmailMessage, responses=Answer, examples=EXAMPLES
)
describe_instant_message = extend_schema(
    summary="Send an SMS, Viber, WhatsApp or RCS message",
    request=InstantMessage,
    responses=Answer,
    examples=EXAMPLES,
)
describe_custom_im = extend_schema(
    summary="Send a Custom IM by the label's only template",
    operation_id="send_custom_im",
    request=CustomInstantMessage,
    responses=Answer,
    examples=EXAMPLES,
)
describe_custom_im_by_template = extend_schema(
    summary="Send a Custom IM by a template", operation_id="send_custom_im_by_template"
)
