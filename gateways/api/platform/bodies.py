"""What is sent to the platform API: one JSON value, or many items of one kind."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from gateway_project.lib.lenient_json import NotJson, read_value
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.request_body import read_body
from gateways.api.platform.errors import PlatformError

MOST_ITEMS = 1_000
JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson")


def bytes_of(request: Request) -> bytes:
    """The body as it was sent. Raises PlatformError."""
    try:
        return read_body(request._request, limit=settings.BODY_LIMIT)
    except Refused as refusal:
        if refusal.code == ErrorCode.TOO_LARGE:
            status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
        else:
            status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json"
        raise PlatformError(status, code, refusal.text) from None


def body_of(request: Request) -> Any:
    """The JSON value that was sent. Raises PlatformError."""
    if _kind(request) != JSON:
        raise UnsupportedMediaType("", detail=f"Send {JSON}.")
    try:
        return read_value(bytes_of(request))
    except NotJson as problem:
        raise PlatformError(HTTPStatus.BAD_REQUEST, "not_json", str(problem)) from None


def object_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises PlatformError."""
    body = body_of(request)
    if not isinstance(body, dict):
        raise PlatformError(HTTPStatus.BAD_REQUEST, "not_json", "an object is expected")
    return body


def items_of(request: Request, *, most: int = MOST_ITEMS) -> tuple[list[Any], bool]:
    """What was sent, one or an array of at most so many, and whether it was a single one."""
    body = body_of(request)
    if not isinstance(body, list):
        return [body], True
    check_number(len(body), most)
    return body, False


def items_or_lines_of(request: Request, *, most: int) -> tuple[list[Any], bool]:
    """The same, or NDJSON. In place of a line that is no JSON stands the NotJson that says why."""
    if _kind(request) not in NDJSON:
        return items_of(request, most=most)
    lines = [line for line in bytes_of(request).split(b"\n") if line.strip()]
    check_number(len(lines), most)
    return list(_values(lines)), False


def check_number(items: int, most: int) -> None:
    if items > most:
        raise PlatformError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many", f"At most {most:,} at a time."
        )


def _values(lines: list[bytes]) -> Iterator[Any]:
    for line in lines:
        try:
            yield read_value(line)
        except NotJson as problem:
            yield NotJson(str(problem).replace("line 1, ", ""))


def _kind(request: Request) -> str:
    kind: str = request._request.META.get("CONTENT_TYPE", "")
    return kind.partition(";")[0].strip().lower()
