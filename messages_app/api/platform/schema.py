"""Messages, events and orders in words, for the OpenAPI schema. What is checked stands in
`messages.py` and `wanted.py`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from gateways.api.schema import PAGE, ErrorText, changing, reading
from messages_app.models import State
from messages_app.relaying.wanted import ORDER_STATUSES

GATEWAY_HELP = "a gateway's slug; without it the first that fits the user, as routing has it"


class Event(serializers.Serializer[None]):
    type = serializers.CharField(help_text="the key of the event's type at the provider")
    ext_user_id = serializers.CharField(help_text="as the platform stores it")
    params = serializers.DictField(required=False)
    id = serializers.CharField(required=False, help_text="the same id is told once")
    gateway = serializers.CharField(required=False, help_text=GATEWAY_HELP)


class Goods(serializers.Serializer[None]):
    external_id = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    category = serializers.CharField(required=False)
    quantity = serializers.FloatField(required=False)
    cost = serializers.FloatField(required=False)
    url = serializers.CharField(required=False)
    image_url = serializers.CharField(required=False)
    description = serializers.CharField(required=False)


class Order(serializers.Serializer[None]):
    """The customer's addresses are filled in by the gateway, and refused where they are given."""

    ext_user_id = serializers.CharField(help_text="as the platform stores it")
    external_id = serializers.CharField(help_text="the order's id; told again it is changed")
    status = serializers.ChoiceField(choices=ORDER_STATUSES)
    total = serializers.FloatField()
    currency = serializers.CharField()
    date = serializers.DateTimeField()
    items = Goods(many=True, required=False)
    shipping = serializers.FloatField(required=False)
    discount = serializers.FloatField(required=False)
    first_name = serializers.CharField(required=False)
    last_name = serializers.CharField(required=False)
    delivery_method = serializers.CharField(required=False)
    payment_method = serializers.CharField(required=False)
    delivery_address = serializers.CharField(required=False)
    id = serializers.CharField(required=False, help_text="the same id is told once")
    gateway = serializers.CharField(required=False, help_text=GATEWAY_HELP)


class Result(serializers.Serializer[None]):
    relay = serializers.UUIDField(required=False, help_text="what was taken is known by this id")
    error = ErrorText(required=False)


class Results(serializers.Serializer[None]):
    results = Result(many=True, help_text="one for each item, in their order")


class LearntStatus(serializers.Serializer[None]):
    status = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True, help_text="null: so long ago that it is gone")
    is_machine = serializers.BooleanField(help_text="opened or clicked by a machine")


class MessageShown(serializers.Serializer[None]):
    id = serializers.UUIDField(help_text="the ext_message_id")
    uid = serializers.CharField(allow_null=True, help_text="Smartico's own id")
    ext_user_id = serializers.CharField(allow_null=True)
    channel = serializers.CharField()
    gateway = serializers.CharField(allow_null=True, help_text="its slug")
    state = serializers.ChoiceField(choices=[each.value for each in State])
    status = serializers.CharField(allow_null=True, help_text="the last that counts")
    error_class = serializers.CharField(allow_null=True)
    accepted_at = serializers.DateTimeField()
    statuses = LearntStatus(many=True)


class MessagesPage(serializers.Serializer[None]):
    messages = MessageShown(many=True)
    next = serializers.CharField(allow_null=True, help_text="the next page's cursor")


class MessagesOfId(serializers.Serializer[None]):
    messages = MessageShown(many=True, required=False)
    error = ErrorText(required=False)


class MessagesOfIds(serializers.Serializer[None]):
    results = MessagesOfId(many=True, help_text="one for each id, in their order")


RELAYED = OpenApiExample(
    "taken",
    {"results": [{"relay": "0199a540-f662-7eb3-a1ee-be560242ac12"}]},
    response_only=True,
    status_codes=["202"],
)

describe_messages = reading(
    "The messages of some ids, or all in the order of their acceptance",
    "list_messages",
    PolymorphicProxySerializer(
        component_name="MessagesOfIdsOrPage",
        serializers=[MessagesOfIds, MessagesPage],
        resource_type_field_name=None,
        many=False,
    ),
    parameters=[
        OpenApiParameter("ids", str, description="ours or Smartico's, up to 1,000, by commas"),
        OpenApiParameter("ext_user_id", str),
        OpenApiParameter("since", OpenApiTypes.DATETIME),
        *PAGE,
    ],
)
describe_events = changing(
    "Tell a provider of events, one or up to 1,000",
    "relay_events",
    {202: Results},
    request=Event(many=True),
    examples=[RELAYED],
)
describe_orders = changing(
    "Tell a provider of orders, one or up to 1,000",
    "relay_orders",
    {202: Results},
    request=Order(many=True),
    examples=[RELAYED],
)
