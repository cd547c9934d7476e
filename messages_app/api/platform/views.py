"""Events and orders of the platform: who calls, what is told, take it, answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from gateways.api.platform.bodies import items_of
from gateways.api.platform.errors import PlatformError
from gateways.api.platform.repeats import PassingAnswer
from gateways.api.platform.view import PlatformView, caller_of
from messages_app.api.platform.schema import describe_events, describe_orders
from messages_app.models import RelayKind
from messages_app.relaying.taking import Outcome, take
from messages_app.relaying.wanted import Refusal, Wanted, event_of, order_of


class RelayView(PlatformView):
    """One item or an array of them, each of which becomes a relay."""

    def taken(self, request: Request, kind: RelayKind, read: Callable[[Any], Wanted]) -> Response:
        items, is_single = items_of(request)
        name = None if self.turn is None else self.turn.request
        return _answer(take(caller_of(request), kind, items, read, request=name), is_single)


class EventsView(RelayView):
    """POST one event or an array of them."""

    @describe_events
    def post(self, request: Request) -> Response:
        return self.taken(request, RelayKind.EVENT, event_of)


class OrdersView(RelayView):
    """POST one order or an array of them."""

    @describe_orders
    def post(self, request: Request) -> Response:
        return self.taken(request, RelayKind.ORDER, order_of)


def _answer(outcomes: list[Outcome], is_single: bool) -> Response:
    """A result per item. A single one that is refused is the answer itself."""
    if is_single and isinstance(outcomes[0], Refusal):
        raise _error(outcomes[0])
    results = [_result(outcome) for outcome in outcomes]
    answer = PassingAnswer if any(map(_is_passing, outcomes)) else Response
    return answer({"results": results}, status=HTTPStatus.ACCEPTED)


def _is_passing(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _result(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"error": _error(outcome).as_json()}
    return {"relay": str(outcome)}


def _error(refusal: Refusal) -> PlatformError:
    return PlatformError(refusal.status, refusal.code, refusal.text, refusal.field)
