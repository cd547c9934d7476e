"""An order as eSputnik takes it.

Source: "How to Pass Orders via API" of the API questions and answers on esputnik.com. Which of the
fields are obligatory is only shown there in bold, which the text has lost: those that its own
explanations need are asked for by our platform page, the others are passed on as they are.
"""

from collections.abc import Mapping
from typing import Any

from gateways.providers.capabilities import Order

NAMES: Mapping[str, str] = {
    "external_id": "externalOrderId",
    "total": "totalCost",
    "status": "status",
    "date": "date",
    "currency": "currency",
    "first_name": "firstName",
    "last_name": "lastName",
    "shipping": "shipping",
    "discount": "discount",
    "delivery_method": "deliveryMethod",
    "payment_method": "paymentMethod",
    "delivery_address": "deliveryAddress",
}
ITEM_NAMES: Mapping[str, str] = {
    "external_id": "externalItemId",
    "name": "name",
    "category": "category",
    "quantity": "quantity",
    "cost": "cost",
    "url": "url",
    "image_url": "imageUrl",
    "description": "description",
}


def order_body(order: Order) -> dict[str, Any]:
    """The order with its customer's id and addresses, which the platform does not tell."""
    body = _renamed(order.content, NAMES)
    body["externalCustomerId"] = order.customer.ext_user_id
    if order.customer.email is not None:
        body["email"] = order.customer.email.reveal()
    if order.customer.phone is not None:
        body["phone"] = order.customer.phone.reveal().removeprefix("+")
    items = order.content.get("items")
    if items:
        body["items"] = [_renamed(item, ITEM_NAMES) for item in items]
    return body


def _renamed(content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: content[ours] for ours, theirs in names.items() if ours in content}
