"""Events and orders in words, for the OpenAPI schema. What is checked stands in `wanted.py`."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from gateways.api.schema import ERRORS, ErrorText
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


describe_events = extend_schema(
    summary="Tell a provider of events, one or up to 1,000",
    request=Event(many=True),
    responses={202: Results, **ERRORS},
)
describe_orders = extend_schema(
    summary="Tell a provider of orders, one or up to 1,000",
    request=Order(many=True),
    responses={202: Results, **ERRORS},
)
