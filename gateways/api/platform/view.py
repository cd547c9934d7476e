"""What every page of the platform API has in common."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from gateways.api.platform.errors import answered, not_found
from gateways.api.platform.key import PlatformKey
from gateways.api.platform.repeats import AnsweredBefore, Turn, turn_of
from gateways.api.platform.throttle import PlatformThrottle
from gateways.callers import Caller
from gateways.values import KeyValues


class PlatformView(APIView):
    """JSON in and out. `request.user` is the Caller."""

    authentication_classes = (PlatformKey,)
    permission_classes = ()
    throttle_classes = (PlatformThrottle,)
    renderer_classes = (JSONRenderer,)

    turn: Turn | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.turn = turn_of(request, key_of(request), kwargs.get("ext_user_id"))

    def get_exception_handler(self) -> Callable[..., Response]:
        return answered

    def handle_exception(self, exc: Exception) -> Response:
        return exc.response if isinstance(exc, AnsweredBefore) else super().handle_exception(exc)

    def get_throttles(self) -> list[BaseThrottle]:
        """The same ones until the answer leaves: they have counted what it tells."""
        self.throttles = super().get_throttles()
        return self.throttles

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if self.turn is not None:
            self.turn.keep(response)
        for throttle in getattr(self, "throttles", ()):
            for name, value in throttle.headers().items():
                response.headers[name] = value
        # Django would log the path of a refusal, and with it the id of a user.
        response._has_been_logged = True
        response.headers["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


class NothingView(PlatformView):
    """Every path that no other page has."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise not_found()


def caller_of(request: Request) -> Caller:
    caller: Any = request.user
    assert isinstance(caller, Caller)  # noqa: S101  the authentication class has made it
    return caller


def key_of(request: Request) -> KeyValues:
    key: Any = request.auth
    assert isinstance(key, KeyValues)  # noqa: S101  likewise
    return key
