"""Events and orders of the platform: who calls, what is told, take it, answer."""

from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from gateways.api.platform.bodies import items_of
from gateways.api.platform.errors import PlatformError
from gateways.api.platform.view import PlatformView, caller_of
from messages_app.api.platform.schema import describe_events, describe_orders
from messages_app.models import RelayKind
from messages_app.relaying.taking import Outcome, take
from messages_app.relaying.wanted import Refusal, event_of, order_of


class EventsView(PlatformView):
    """POST one event or an array of them."""

    @describe_events
    def post(self, request: Request) -> Response:
        items, is_single = items_of(request)
        return _answer(take(caller_of(request), RelayKind.EVENT, items, event_of), is_single)


class OrdersView(PlatformView):
    """POST one order or an array of them."""

    @describe_orders
    def post(self, request: Request) -> Response:
        items, is_single = items_of(request)
        return _answer(take(caller_of(request), RelayKind.ORDER, items, order_of), is_single)


def _answer(outcomes: list[Outcome], is_single: bool) -> Response:
    """A result per item. A single one that is refused is the answer itself."""
    if is_single and isinstance(outcomes[0], Refusal):
        raise _error(outcomes[0])
    results = [_result(outcome) for outcome in outcomes]
    return Response({"results": results}, status=HTTPStatus.ACCEPTED)


def _result(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"error": _error(outcome).as_json()}
    return {"relay": str(outcome)}


def _error(refusal: Refusal) -> PlatformError:
    return PlatformError(refusal.status, refusal.code, refusal.text, refusal.field)
