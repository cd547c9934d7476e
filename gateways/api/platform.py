"""What every page of the platform API has in common: its key, its bodies, its errors."""

import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404
from rest_framework.exceptions import APIException, Throttled, UnsupportedMediaType
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from gateway_project.lib.lenient_json import NotJson, read_value
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.request_body import read_body
from gateways.api.platform_key import PlatformKey

MOST_ITEMS = 1000
JSON = "application/json"

CODES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "not_json",
    HTTPStatus.UNAUTHORIZED: "not_authorised",
    HTTPStatus.FORBIDDEN: "not_allowed",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "no_such_method",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not_json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}


class PlatformError(APIException):
    """An answer other than a 2xx. `text` repeats nothing of the request."""

    def __init__(self, status: int, code: str, text: str, field: str = "") -> None:
        super().__init__(text, code)
        self.status_code, self.code, self.text, self.field = status, code, text, field

    def as_json(self) -> dict[str, str]:
        told = {"code": self.code, "message": self.text}
        return told | ({"field": self.field} if self.field else {})


class PlatformThrottle(SimpleRateThrottle):
    """So many requests of one key in each process."""

    rate = "100/s"
    scope = "platform"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        key: Any = request.auth
        return None if key is None else f"platform-throttle:{key.id}"


class PlatformView(APIView):
    """JSON in and out. `request.user` is the Caller."""

    authentication_classes = (PlatformKey,)
    permission_classes = ()
    throttle_classes = (PlatformThrottle,)
    renderer_classes = (JSONRenderer,)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return answered


def answered(problem: Exception, context: object) -> Response | None:
    """The answer to a request that failed; None leaves what nobody foresaw to Django's own 500."""
    if isinstance(problem, Http404):
        problem = PlatformError(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")
    if not isinstance(problem, APIException):
        return None
    headers = {}
    if challenge := getattr(problem, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(problem, Throttled):
        headers["Retry-After"] = str(math.ceil(getattr(problem, "wait", None) or 1))
    return Response({"error": _error(problem)}, status=problem.status_code, headers=headers or None)


def _error(problem: APIException) -> dict[str, str]:
    if isinstance(problem, PlatformError):
        return problem.as_json()
    return {"code": CODES.get(problem.status_code, "refused"), "message": str(problem.detail)}


def body_of(request: Request) -> Any:
    """The JSON value that was sent. Raises PlatformError."""
    kind = request._request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise UnsupportedMediaType("", detail=f"Send {JSON}.")
    try:
        return read_value(read_body(request._request, limit=settings.BODY_LIMIT))
    except NotJson as problem:
        raise PlatformError(HTTPStatus.BAD_REQUEST, "not_json", str(problem)) from None
    except Refused as refusal:
        if refusal.code == ErrorCode.TOO_LARGE:
            raise PlatformError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", refusal.text
            ) from None
        raise PlatformError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", refusal.text) from None


def items_of(request: Request) -> tuple[list[Any], bool]:
    """What was sent, one or an array of at most a thousand, and whether it was a single one."""
    body = body_of(request)
    if not isinstance(body, list):
        return [body], True
    if len(body) > MOST_ITEMS:
        raise PlatformError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many", f"At most {MOST_ITEMS} at a time."
        )
    return body, False
