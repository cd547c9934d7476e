"""Users and suppressions in words, for the OpenAPI schema. What is checked stands in `rows.py` and
`suppression_body.py`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from gateways.api.schema import PAGE, ErrorText, changing, reading
from gateways.models.audit import REASON_LENGTH
from users.api.platform.suppression_body import CHANNELS, REASONS
from users.importing import Outcome
from users.models import EXT_USER_ID_LENGTH

KEPT_OR_CLEARED = "absent keeps what is stored, null clears it"


class Change(serializers.Serializer[None]):
    brand = serializers.CharField(required=False, allow_null=True, help_text="a brand's slug")
    email = serializers.CharField(required=False, allow_null=True, help_text=KEPT_OR_CLEARED)
    phone = serializers.CharField(
        required=False, allow_null=True, help_text="E.164, or as the property country writes it"
    )
    properties = serializers.DictField(
        required=False, allow_null=True, help_text="merged; null among them removes one"
    )


class User(Change):
    ext_user_id = serializers.CharField(max_length=EXT_USER_ID_LENGTH)


class UserResult(serializers.Serializer[None]):
    outcome = serializers.ChoiceField(
        choices=[each.value for each in Outcome if each != Outcome.BAD], required=False
    )
    notes = serializers.ListField(child=serializers.CharField(), required=False)
    error = ErrorText(required=False)


class UserResults(serializers.Serializer[None]):
    results = UserResult(many=True, help_text="one for each item, in their order")


class Suppressed(serializers.Serializer[None]):
    reason = serializers.CharField()
    since = serializers.DateTimeField()


class ChannelOfUser(serializers.Serializer[None]):
    has_address = serializers.BooleanField()
    suppressed = Suppressed(allow_null=True)


class StoredUser(serializers.Serializer[None]):
    ext_user_id = serializers.CharField()
    brand = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True, help_text="with a mask")
    phone = serializers.CharField(allow_null=True, help_text="with a mask")
    properties = serializers.DictField(help_text="addresses among them with masks")
    channels = serializers.DictField(child=ChannelOfUser())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class UsersPage(serializers.Serializer[None]):
    users = StoredUser(many=True)
    next = serializers.CharField(allow_null=True, help_text="the next page's cursor")


class Addresses(serializers.Serializer[None]):
    """At least one of the lists, 10,000 items in all."""

    emails = serializers.ListField(child=serializers.CharField(), required=False)
    phones = serializers.ListField(child=serializers.CharField(), required=False)
    ext_user_ids = serializers.ListField(child=serializers.CharField(), required=False)
    channel = serializers.ChoiceField(
        choices=CHANNELS, required=False, help_text="needed for all but e-mail addresses"
    )
    country = serializers.CharField(
        required=False, help_text="of phone numbers without a country code"
    )


class AddressesToSuppress(Addresses):
    reason = serializers.ChoiceField(choices=REASONS, default=REASONS[0])


class AddressesToLift(Addresses):
    reason = serializers.CharField(
        required=False, max_length=REASON_LENGTH, help_text="why, for the audit"
    )


class AddressResult(serializers.Serializer[None]):
    outcome = serializers.CharField(required=False, help_text="suppressed, lifted or unchanged")
    error = ErrorText(required=False)


class AddressResults(serializers.Serializer[None]):
    emails = AddressResult(many=True, required=False)
    phones = AddressResult(many=True, required=False)
    ext_user_ids = AddressResult(many=True, required=False)


class AddressesResults(serializers.Serializer[None]):
    results = AddressResults(help_text="by list a result for each item, in their order")


class SuppressionShown(serializers.Serializer[None]):
    channel = serializers.CharField()
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    ext_user_ids = serializers.ListField(child=serializers.CharField())
    more_users = serializers.BooleanField(help_text="whether more users share the address")


class SuppressionsPage(serializers.Serializer[None]):
    suppressions = SuppressionShown(many=True)
    next = serializers.CharField(allow_null=True, help_text="the next page's cursor")


USER = {
    "ext_user_id": "player-1001",
    "brand": "a",
    "email": "jo.doe@example.com",
    "phone": "+15555550100",
    "properties": {"country": "US", "market": "north"},
}
STORED = {
    **USER,
    "email": "j***@e***.com",
    "phone": "+1 *** *** 00",
    "channels": {"email": {"has_address": True, "suppressed": None}},
    "created_at": "2026-03-08T09:30:00Z",
    "updated_at": "2026-03-08T09:30:00Z",
}
CREATED = OpenApiExample("created", {"results": [{"outcome": "created"}]}, response_only=True)
SHOWN = OpenApiExample("stored", STORED, response_only=True)

describe_users = reading(
    "The users in the order in which they were changed",
    "list_users",
    UsersPage,
    parameters=[
        OpenApiParameter("brand", str, description="a brand's slug"),
        OpenApiParameter("updated_since", OpenApiTypes.DATETIME),
        *PAGE,
    ],
)
describe_upsert = changing(
    "Make one user, or up to 10,000, be as it says",
    "upsert_users",
    {200: UserResults},
    request={
        "application/json": PolymorphicProxySerializer(
            component_name="OneOrManyUsers",
            serializers=[User, User(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        "application/x-ndjson": OpenApiTypes.STR,
    },
    examples=[
        OpenApiExample("one", USER, request_only=True, media_type="application/json"),
        CREATED,
    ],
)
describe_user = reading("One user, with masks", "read_user", StoredUser, examples=[SHOWN])
describe_change = changing(
    "Change what is said of one user",
    "change_user",
    {200: StoredUser},
    request=Change,
    examples=[
        OpenApiExample("clear a number", {"phone": None}, request_only=True),
        SHOWN,
    ],
)
describe_erasing = changing("Erase one user", "erase_user", {204: None})
describe_suppressions = reading(
    "The addresses that are not written to",
    "list_suppressions",
    SuppressionsPage,
    parameters=[OpenApiParameter("channel", str, enum=CHANNELS), *PAGE],
)
describe_suppressing = changing(
    "Name addresses that are not to be written to",
    "suppress",
    {200: AddressesResults},
    request=AddressesToSuppress,
    examples=[
        OpenApiExample(
            "a number", {"phones": ["+15555550100"], "channel": "sms"}, request_only=True
        ),
        OpenApiExample(
            "suppressed", {"results": {"phones": [{"outcome": "suppressed"}]}}, response_only=True
        ),
    ],
)
describe_lifting = changing(
    "Name addresses that may be written to again",
    "lift",
    {200: AddressesResults},
    request=AddressesToLift,
    examples=[
        OpenApiExample(
            "an address",
            {"emails": ["jo.doe@example.com"], "reason": "asked for it by telephone"},
            request_only=True,
        ),
    ],
)
