"""What the platform API answers instead of what was asked for. No answer repeats the request."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import APIException, Throttled
from rest_framework.response import Response

from gateway_project.lib.connections import NOT_READY

logger = logging.getLogger(__name__)

BACK_IN_SECONDS = 1
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
TEXTS: Mapping[int, str] = {
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not take that method: see Allow.",
    HTTPStatus.NOT_ACCEPTABLE: "The answer is application/json.",
}


class PlatformError(APIException):
    """An answer other than a 2xx. `text` repeats nothing of the request. What `is_passing` may be
    asked again in a moment."""

    def __init__(
        self, status: int, code: str, text: str, field: str = "", *, is_passing: bool = False
    ) -> None:
        super().__init__(text, code)
        self.is_passing = is_passing
        self.status_code, self.code, self.text, self.field = status, code, text, field

    def as_json(self) -> dict[str, str]:
        return error_json(self.code, self.text, self.field)


def error_json(code: str, text: str, field: str = "") -> dict[str, str]:
    """What stands under `error`, in an answer and in the result of one item."""
    return {"code": code, "message": text} | ({"field": field} if field else {})


def invalid(field: str, text: str) -> PlatformError:
    return PlatformError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", text, field)


def not_found() -> PlatformError:
    return PlatformError(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")


def answered(problem: Exception, context: object = None) -> Response:
    """The answer to a request that failed, whatever the reason: what nobody foresaw is an incident,
    told in the log."""
    told = _foreseen(problem) or _incident(problem)
    headers = {}
    if challenge := getattr(told, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := _wait(told)) is not None:
        headers["Retry-After"] = str(wait)
    return Response({"error": _error(told)}, status=told.status_code, headers=headers or None)


def _foreseen(problem: Exception) -> APIException | None:
    match problem:
        case APIException():
            return problem
        case Http404():
            return not_found()
        case RequestDataTooBig():
            return PlatformError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The request is too large."
            )
        case UnreadablePostError():
            return PlatformError(HTTPStatus.BAD_REQUEST, "not_json", "The body did not come whole.")
        case SuspiciousOperation():
            return PlatformError(HTTPStatus.BAD_REQUEST, "invalid", "The request cannot be read.")
        case _ if isinstance(problem, NOT_READY):
            logger.error("database trouble on a platform path: %s", type(problem).__name__)
            text = "Temporarily unavailable, try again."
            return PlatformError(
                HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", text, is_passing=True
            )
    return None


def _incident(problem: Exception) -> PlatformError:
    incident = uuid4().hex[:12]
    logger.error("incident %s on a platform path", incident, exc_info=problem)
    text = f"Internal error, incident {incident}."
    return PlatformError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", text)


def _wait(told: APIException) -> int | None:
    """In how many seconds the caller may come again."""
    if isinstance(told, Throttled):
        return max(math.ceil(getattr(told, "wait", None) or 0), BACK_IN_SECONDS)
    is_passing = isinstance(told, PlatformError) and told.is_passing
    return BACK_IN_SECONDS if is_passing else None


def _error(problem: APIException) -> dict[str, str]:
    if isinstance(problem, PlatformError):
        return problem.as_json()
    text = TEXTS.get(problem.status_code) or str(problem.detail)
    return error_json(CODES.get(problem.status_code, "refused"), text)
